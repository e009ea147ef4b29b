//! Secrets: from the environment, or from a file that the environment names.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{Environment, Problems};
use crate::domain::secret::Secret;
use crate::hubspot::{Access, Refresh};

/// Every secret there is. The client id is none, and is read like one.
pub(super) const SECRETS: [&str; 5] = [
    "HUBROUTE_CLIENT_SECRET",
    "HUBROUTE_CLIENT_SECRET_PREVIOUS",
    "HUBROUTE_ACCESS_TOKEN",
    "HUBROUTE_REFRESH_TOKEN",
    "HUBROUTE_ADMIN_TOKEN",
];

/// What the router needs and may not print.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// `HUBROUTE_CLIENT_SECRET`: the HubSpot app's client secret.
    pub client: Secret,
    /// `HUBROUTE_CLIENT_SECRET_PREVIOUS`, while rotating.
    pub client_previous: Option<Secret>,
    /// `HUBROUTE_ACCESS_TOKEN`, or `HUBROUTE_CLIENT_ID` with `HUBROUTE_REFRESH_TOKEN`.
    pub access: Access,
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
        let access = access(environment, client.as_ref(), &mut problems);
        let client_previous =
            optional(environment, "HUBROUTE_CLIENT_SECRET_PREVIOUS", &mut problems);
        let admin_token = Self::admin(environment, &mut problems);
        match (client, access) {
            (Some(client), Some(access)) if problems.is_empty() => {
                Ok(Self { client, client_previous, access, admin_token })
            }
            _ => Err(Problems(problems)),
        }
    }

    /// Only what HubSpot is entered with: commands that ask it themselves need no more.
    pub fn access(environment: &impl Environment) -> Result<Access, Problems> {
        let mut problems = Vec::new();
        let by_token = environment.var("HUBROUTE_REFRESH_TOKEN").is_none()
            && environment.var("HUBROUTE_REFRESH_TOKEN_FILE").is_none()
            && environment.var("HUBROUTE_CLIENT_ID").is_none();
        // The client secret buys tokens; with a token of the app it only checks signatures.
        let client = if by_token {
            None
        } else {
            let what = "the client secret of your HubSpot app";
            required(environment, "HUBROUTE_CLIENT_SECRET", what, &mut problems)
        };
        match access(environment, client.as_ref(), &mut problems) {
            Some(access) if problems.is_empty() => Ok(access),
            _ => Err(Problems(problems)),
        }
    }

    /// A sentence for each file of a secret that others than its owner may read or replace. A
    /// warning and not a refusal: containers mount secrets with modes that nobody can choose.
    pub fn exposed(environment: &impl Environment) -> Vec<String> {
        let in_files = SECRETS.iter().filter(|name| environment.var(name).is_none());
        let files = in_files.filter_map(|name| {
            let name = format!("{name}_FILE");
            environment.var(&name).map(|path| (name, path))
        });
        files.filter_map(|(name, path)| exposed(&name, &path)).collect()
    }

    /// Only `HUBROUTE_ACCESS_TOKEN`, where it is set: with it a command may read HubSpot itself.
    pub fn token(environment: &impl Environment, problems: &mut Vec<String>) -> Option<Secret> {
        optional(environment, "HUBROUTE_ACCESS_TOKEN", problems)
    }

    /// Only the admin token: what commands beside a running router need.
    pub fn admin(environment: &impl Environment, problems: &mut Vec<String>) -> Option<Secret> {
        optional(environment, "HUBROUTE_ADMIN_TOKEN", problems)
    }
}

/// A token of the account's own app, or what buys tokens for an app installed by OAuth.
fn access(
    environment: &impl Environment,
    client: Option<&Secret>,
    problems: &mut Vec<String>,
) -> Option<Access> {
    let refresh_token = optional(environment, "HUBROUTE_REFRESH_TOKEN", problems);
    let client_id = optional(environment, "HUBROUTE_CLIENT_ID", problems);
    if refresh_token.is_none() && client_id.is_none() {
        let what = "the access token of your HubSpot app, or set HUBROUTE_CLIENT_ID and HUBROUTE_REFRESH_TOKEN for OAuth";
        return required(environment, "HUBROUTE_ACCESS_TOKEN", what, problems).map(Access::Token);
    }
    if environment.var("HUBROUTE_ACCESS_TOKEN").is_some()
        || environment.var("HUBROUTE_ACCESS_TOKEN_FILE").is_some()
    {
        problems.push(
            "HUBROUTE_ACCESS_TOKEN and HUBROUTE_REFRESH_TOKEN or HUBROUTE_CLIENT_ID are both set: keep the one your app uses"
                .to_owned(),
        );
    }
    let what = "the client id of your HubSpot app";
    let client_id =
        client_id.or_else(|| required(environment, "HUBROUTE_CLIENT_ID", what, problems));
    let what = "the refresh token of your app's installation";
    let refresh_token =
        refresh_token.or_else(|| required(environment, "HUBROUTE_REFRESH_TOKEN", what, problems));
    Some(Access::Refresh(Refresh {
        client_id: client_id?.reveal().to_owned(),
        client_secret: client?.clone(),
        refresh_token: refresh_token?,
    }))
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

/// What is wrong with a secret's file where its mode has more than `0600`.
fn exposed(name: &str, path: &str) -> Option<String> {
    // A file that cannot be looked at cannot be read, which is said elsewhere.
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let may = if mode & 0o022 != 0 { "read or replace" } else { "read" };
    let who = match (mode & 0o006 != 0, mode & 0o060 != 0) {
        (true, _) => "every user of this machine",
        (false, true) => "its group",
        (false, false) => return None,
    };
    Some(format!(
        "{name}: {path} has mode {mode:04o}: {who} may {may} this secret; chmod 600 {path}, owned \
         by the user that runs the router"
    ))
}
