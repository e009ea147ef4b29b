//! The one call a claim allows (HUBSPOT.md 3.2, 3.8 and 4.1).

use serde_json::{Value, json};

use super::answer::{Receipt, answered};
use super::client::Client;
use super::profile::{Dialect, fill};
use super::wire::Call;
use crate::domain::claim::{Channel, Claim, Sender};
use crate::domain::outcome::{Concerns, Outcome};
use crate::port::{Answered, InTime};

impl Client {
    /// Makes the call, as long as it is `in_time`, and classifies its answer. What must be known or
    /// bought first may take as long as any call.
    pub(super) async fn enroll_in_time(
        &self,
        claim: &Claim,
        email: Option<&str>,
        in_time: &InTime<'_>,
    ) -> Answered {
        if let Some(stamp) = &claim.via {
            let stamp = (&stamp.property, stamp.value.as_str());
            return self.write_property(claim.contact, stamp, in_time).await;
        }
        let email = email.map(str::trim).filter(|email| is_address(email));
        let call = match (claim.target.channel, self.endpoints.dialect) {
            (Channel::Sequence, _) => self.sequence_call(claim),
            (Channel::Workflow, Dialect::Documented) => self.workflow_call(claim, email).await,
            (Channel::Workflow, Dialect::RouteMap) => Ok(self.flow_call(claim, email)),
        };
        let receipt = match (claim.target.channel, self.endpoints.dialect) {
            (Channel::Sequence, Dialect::Documented) => Receipt::Enrollment,
            _ => Receipt::Any,
        };
        let call = match call {
            Ok(call) => call,
            Err(without_a_call) => return without_a_call.into(),
        };
        let answer = self.wire.send_in_time(call, in_time).await;
        if claim.target.channel == Channel::Workflow
            && answer.as_ref().is_ok_and(|reply| reply.status == 404)
        {
            // The workflow may have been made anew under another number.
            self.flows.forget(claim.target.id);
        }
        answered(receipt, &answer)
    }

    fn sequence_call(&self, claim: &Claim) -> Result<Call, Outcome> {
        let Some(sender) = &claim.sender else {
            return Err(refused(Concerns::Request, "a sequence needs a sender and has none"));
        };
        let contact = claim.contact.to_string();
        let path = fill(self.endpoints.enroll_sequence, &[("contact", &contact)]);
        Ok(match self.endpoints.dialect {
            Dialect::Documented => {
                let query = format!("userId={}", sender.user);
                Call::post(path, query, Some(sequence_body(claim, sender, "contactId", contact)))
            }
            Dialect::RouteMap => {
                let user = sender.user.to_string();
                let body = sequence_body(claim, sender, "userId", user);
                Call::post(path, String::new(), Some(body))
            }
        })
    }

    /// By workflow id and email; the flow id is mapped first, and where that fails nothing is
    /// sent.
    async fn workflow_call(&self, claim: &Claim, email: Option<&str>) -> Result<Call, Outcome> {
        let Some(email) = email else {
            return Err(refused(Concerns::Contact, "the contact has no usable email address"));
        };
        let flow = claim.target.id;
        let Some(workflow) = self.workflow_of(flow).await.map_err(Outcome::from)? else {
            let why = format!("HubSpot knows no workflow with flow id {flow}");
            return Err(refused(Concerns::Request, &why));
        };
        let values = [("workflow", workflow.to_string()), ("email", email.to_owned())];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        Ok(Call::post(fill(self.endpoints.enroll_workflow, &values), String::new(), None))
    }

    fn flow_call(&self, claim: &Claim, email: Option<&str>) -> Call {
        let flow = claim.target.id.to_string();
        let body = match email {
            Some(email) => json!({ "email": email }),
            None => json!({ "contactId": claim.contact.to_string() }),
        };
        Call::post(
            fill(self.endpoints.enroll_workflow, &[("flow", &flow)]),
            String::new(),
            Some(body),
        )
    }
}

/// HubSpot wants every id as text. `key` names the id that the path does not.
fn sequence_body(claim: &Claim, sender: &Sender, key: &str, id: String) -> Value {
    let mut body = json!({
        "sequenceId": claim.target.id.to_string(),
        "senderEmail": sender.inbox.as_str(),
    });
    body[key] = Value::String(id);
    if let Some(alias) = &sender.alias {
        body["senderAliasAddress"] = Value::String(alias.clone());
    }
    body
}

pub(super) fn refused(concerns: Concerns, message: &str) -> Outcome {
    Outcome::Refused { concerns, message: message.to_owned() }
}

/// Whether it can stand in a path: something before and after an `@`, no spaces.
pub(super) fn is_address(email: &str) -> bool {
    let around = email.rsplit_once('@');
    around.is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty())
        && !email.contains(|letter: char| letter.is_whitespace() || letter.is_control())
}
