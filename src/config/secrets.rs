//! Secrets: from the environment, or from a file that the environment names.

use std::fs;

use super::{Environment, Problems};
use crate::domain::secret::Secret;

/// What the router needs and may not print.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// `HUBROUTE_CLIENT_SECRET`: the HubSpot app's client secret.
    pub client: Secret,
    /// `HUBROUTE_CLIENT_SECRET_PREVIOUS`, while rotating.
    pub client_previous: Option<Secret>,
    /// `HUBROUTE_ACCESS_TOKEN`.
    pub access_token: Secret,
    /// `HUBROUTE_ADMIN_TOKEN`.
    pub admin_token: Option<Secret>,
}

impl Secrets {
    /// Reads them all; every missing one is named.
    pub fn read(environment: &impl Environment) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let client = required(
            environment,
            "HUBROUTE_CLIENT_SECRET",
            "the client secret of your HubSpot app",
            &mut problems,
        );
        let access_token = required(
            environment,
            "HUBROUTE_ACCESS_TOKEN",
            "the access token of your HubSpot app",
            &mut problems,
        );
        let client_previous =
            optional(environment, "HUBROUTE_CLIENT_SECRET_PREVIOUS", &mut problems);
        let admin_token = Self::admin(environment, &mut problems);
        match (client, access_token) {
            (Some(client), Some(access_token)) if problems.is_empty() => {
                Ok(Self { client, client_previous, access_token, admin_token })
            }
            _ => Err(Problems(problems)),
        }
    }

    /// Only the access token, where there is one: what a command needs that may read HubSpot.
    pub fn access(environment: &impl Environment, problems: &mut Vec<String>) -> Option<Secret> {
        optional(environment, "HUBROUTE_ACCESS_TOKEN", problems)
    }

    /// Only the admin token: what commands beside a running router need.
    pub fn admin(environment: &impl Environment, problems: &mut Vec<String>) -> Option<Secret> {
        optional(environment, "HUBROUTE_ADMIN_TOKEN", problems)
    }
}

fn required(
    environment: &impl Environment,
    name: &str,
    what: &str,
    problems: &mut Vec<String>,
) -> Option<Secret> {
    let before = problems.len();
    let secret = optional(environment, name, problems);
    if secret.is_none() && problems.len() == before {
        problems.push(format!(
            "{name} is missing: set it to {what}, or {name}_FILE to a file that holds it"
        ));
    }
    secret
}

/// `NAME`, else the file that `NAME_FILE` names. An empty one is a problem, never an empty secret.
fn optional(
    environment: &impl Environment,
    name: &str,
    problems: &mut Vec<String>,
) -> Option<Secret> {
    if let Some(text) = environment.var(name) {
        let secret = Secret::new(&text);
        if secret.is_none() {
            problems.push(format!("{name} is empty"));
        }
        return secret;
    }
    let path = environment.var(&format!("{name}_FILE"))?;
    match fs::read_to_string(&path) {
        Ok(text) => {
            let secret = Secret::new(&text);
            if secret.is_none() {
                problems.push(format!("{name}_FILE: {path} is empty"));
            }
            secret
        }
        Err(error) => {
            problems.push(format!("{name}_FILE: cannot read {path}: {error}"));
            None
        }
    }
}
