//! Taking a contact out: by HubSpot's calls where the profile has one, and writing the property
//! that the bridge workflow listens to where it has none (HUBSPOT.md 3.7, 3.8, 4.1 and 4.4).

use serde_json::json;

use super::answer::{Receipt, answered};
use super::client::Client;
use super::enroll::{is_address, refused};
use super::profile::{Dialect, ROUTE_MAP_ENROLLMENT, V2_ENROLL, fill};
use super::wire::Call;
use crate::domain::claim::{Channel, Target};
use crate::domain::id::{ContactId, PropertyName};
use crate::domain::outcome::{Concerns, Outcome};
use crate::port::{Answered, InTime, Named};

impl Client {
    /// HubSpot documents a call for workflows only, the route map one for sequences only.
    pub(super) fn has_unenroll_call(&self, channel: Channel) -> bool {
        match channel {
            Channel::Workflow => self.endpoints.dialect == Dialect::Documented,
            Channel::Sequence => self.endpoints.dialect == Dialect::RouteMap,
        }
    }

    /// Makes the call and classifies its answer.
    pub(super) async fn unenroll_from(
        &self,
        target: &Target,
        contact: ContactId,
        named: Named<'_>,
    ) -> Answered {
        let path = match target.channel {
            Channel::Workflow => self.workflow_path(target, named.email).await,
            Channel::Sequence => sequence_path(contact, named.enrollment),
        };
        let path = match path {
            Ok(path) => path,
            Err(without_a_call) => return without_a_call.into(),
        };
        let answer = self.wire.send(Call::delete(path)).await;
        if target.channel == Channel::Workflow
            && answer.as_ref().is_ok_and(|reply| reply.status == 404)
        {
            // The workflow may have been made anew under another number.
            self.flows.forget(target.id);
        }
        answered(Receipt::Any, &answer)
    }

    async fn workflow_path(&self, target: &Target, email: Option<&str>) -> Result<String, Outcome> {
        let email = email.map(str::trim).filter(|email| is_address(email));
        let Some(email) = email else {
            return Err(refused(Concerns::Contact, "the contact has no usable email address"));
        };
        let Some(workflow) = self.workflow_of(target.id).await.map_err(Outcome::from)? else {
            let why = format!("HubSpot knows no workflow with flow id {}", target.id);
            return Err(refused(Concerns::Request, &why));
        };
        Ok(fill(V2_ENROLL, &[("workflow", &workflow.to_string()), ("email", email)]))
    }

    /// Writes one property, as long as it is `in_time`; an empty value clears it.
    pub(super) async fn write_property(
        &self,
        contact: ContactId,
        (property, value): (&PropertyName, &str),
        in_time: &InTime<'_>,
    ) -> Answered {
        let path = fill(self.endpoints.contact, &[("contact", &contact.to_string())]);
        let body = json!({ "properties": { property.as_str(): value } });
        let answer = self.wire.send_in_time(Call::patch(path, body), in_time).await;
        answered(Receipt::Enrollment, &answer)
    }
}

fn sequence_path(contact: ContactId, enrollment: Option<&str>) -> Result<String, Outcome> {
    let why = "HubSpot does not show which enrollment it is";
    let enrollment = enrollment.ok_or_else(|| refused(Concerns::Request, why))?;
    let contact = contact.to_string();
    Ok(fill(ROUTE_MAP_ENROLLMENT, &[("contact", &contact), ("enrollment", enrollment)]))
}
