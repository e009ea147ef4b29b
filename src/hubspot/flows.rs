//! Flow ids to the workflow ids that the v2 calls want, and back (HUBSPOT.md 4.2).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::client::Client;
use super::found::{Failure, object};
use super::json::number;
use super::profile::ID_MAPPINGS;
use super::wire::Call;
use crate::domain::id::FlowId;

/// More pairs than this are forgotten at once; no portal has so many workflows.
const PAIRS_MAX: usize = 10_000;

/// The pairs HubSpot has told, by flow id. They never change while a workflow lives.
#[derive(Debug, Default)]
pub(super) struct Flows(Mutex<BTreeMap<u64, u64>>);

impl Flows {
    fn pairs(&self) -> MutexGuard<'_, BTreeMap<u64, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flow_of(&self, workflow: u64) -> Option<u64> {
        self.pairs().iter().find(|(_, known)| **known == workflow).map(|(flow, _)| *flow)
    }

    fn learn(&self, told: &[(u64, u64)]) {
        let mut pairs = self.pairs();
        if PAIRS_MAX < pairs.len() + told.len() {
            pairs.clear();
        }
        pairs.extend(told.iter().copied());
    }

    /// Asks again next time.
    pub(super) fn forget(&self, flow: u64) {
        self.pairs().remove(&flow);
    }
}

impl Client {
    /// The workflow id of a flow. `None`: HubSpot knows no such flow.
    pub(super) async fn workflow_of(&self, flow: u64) -> Result<Option<u64>, Failure> {
        let known = self.flows.pairs().get(&flow).copied();
        if known.is_some() {
            return Ok(known);
        }
        let input = json!({ "type": "FLOW_ID", "flowId": flow.to_string() });
        let told = self.mappings(vec![input]).await?;
        Ok(told.into_iter().find(|(told_flow, _)| *told_flow == flow).map(|(_, id)| id))
    }

    /// The flows of these workflows; those without one are left out.
    pub(super) async fn flows_of(&self, workflows: &[u64]) -> Result<Vec<FlowId>, Failure> {
        let unknown: Vec<Value> = workflows
            .iter()
            .filter(|workflow| self.flows.flow_of(**workflow).is_none())
            .map(|workflow| json!({ "type": "WORKFLOW_ID", "workflowId": workflow.to_string() }))
            .collect();
        if !unknown.is_empty() {
            self.mappings(unknown).await?;
        }
        Ok(workflows.iter().filter_map(|id| self.flows.flow_of(*id)).map(FlowId).collect())
    }

    async fn mappings(&self, inputs: Vec<Value>) -> Result<Vec<(u64, u64)>, Failure> {
        let body = json!({ "inputs": inputs });
        let call = Call::post(ID_MAPPINGS.to_owned(), String::new(), Some(body));
        let Some(answer) = object(self.wire.send(call).await)? else {
            return Ok(Vec::new());
        };
        let Some(results) = answer.get("results").and_then(Value::as_array) else {
            return Err(Failure::unusable("the answer has no workflow id mappings"));
        };
        let field = |pair: &Value, name: &str| pair.get(name).and_then(number);
        let told: Vec<(u64, u64)> = results
            .iter()
            .filter_map(|pair| Some((field(pair, "flowId")?, field(pair, "workflowId")?)))
            .collect();
        self.flows.learn(&told);
        Ok(told)
    }
}
