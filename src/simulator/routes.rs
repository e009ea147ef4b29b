//! The paths HubSpot answers, as data: all four profiles at once (HUBSPOT.md 3 to 6).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::call::decode;

/// What a call asks for, whichever profile's path it used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// One contact by id or email.
    ReadContact,
    /// Several contacts by id or email.
    BatchReadContacts,
    /// A contact search.
    SearchContacts,
    /// A change of a contact's properties.
    WriteContact,
    /// One owner by owner id or user id.
    Owner,
    /// The list of owners.
    ListOwners,
    /// One user.
    User,
    /// The list of users.
    ListUsers,
    /// Enroll in a sequence.
    EnrollSequence,
    /// A contact's sequence enrollment.
    ReadEnrollment,
    /// The ids of a contact's active sequence enrollments (route-map).
    ListEnrollments,
    /// Unenroll from a sequence (route-map).
    UnenrollSequence,
    /// The sequences a user may see.
    ListSequences,
    /// One sequence.
    GetSequence,
    /// Enroll in a workflow.
    EnrollWorkflow,
    /// Unenroll from a workflow.
    UnenrollWorkflow,
    /// The workflows a contact is in.
    ReadWorkflows,
    /// Flow ids to workflow ids and back.
    MapWorkflowIds,
    /// The list of flows.
    ListFlows,
    /// One flow.
    GetFlow,
    /// The account's details.
    Account,
    /// The account's calls of the day.
    Usage,
    /// An OAuth token.
    Token,
    /// What a token may do.
    TokenInfo,
    /// The property definitions of an object.
    ListProperties,
    /// One list.
    GetList,
    /// The subscription types.
    ListConsents,
    /// The webhook subscriptions of an app.
    ListWebhooks,
    /// No path of HubSpot.
    Unknown,
}

/// A version of HubSpot's dated paths that the simulator answers.
const DATED: [&str; 2] = ["2026-03", "2026-09"];

/// Method, path and profile. `{v}` is a dated version and names the profile itself; any other
/// name in braces is one segment. The first row that fits wins.
const ROUTES: &[(&str, &str, &str, Endpoint)] = &[
    // Contacts.
    ("POST", "/crm/objects/{v}/contacts/batch/read", "", Endpoint::BatchReadContacts),
    ("POST", "/crm/v3/objects/contacts/batch/read", "v4", Endpoint::BatchReadContacts),
    ("POST", "/crm/objects/{v}/contacts/search", "", Endpoint::SearchContacts),
    ("POST", "/crm/v3/objects/contacts/search", "v4", Endpoint::SearchContacts),
    ("GET", "/crm/objects/{v}/contacts/{contact}", "", Endpoint::ReadContact),
    ("GET", "/crm/objects/{v}/0-1/{contact}", "", Endpoint::ReadContact),
    ("GET", "/crm/v3/objects/contacts/{contact}", "v4", Endpoint::ReadContact),
    ("PATCH", "/crm/objects/{v}/contacts/{contact}", "", Endpoint::WriteContact),
    ("PATCH", "/crm/objects/{v}/0-1/{contact}", "", Endpoint::WriteContact),
    ("PATCH", "/crm/v3/objects/contacts/{contact}", "v4", Endpoint::WriteContact),
    // Owners, users, account.
    ("GET", "/crm/owners/{v}", "", Endpoint::ListOwners),
    ("GET", "/crm/owners/{v}/{owner}", "", Endpoint::Owner),
    ("GET", "/crm/v3/owners", "v4", Endpoint::ListOwners),
    ("GET", "/crm/v3/owners/{owner}", "v4", Endpoint::Owner),
    ("GET", "/settings/users/{v}", "", Endpoint::ListUsers),
    ("GET", "/settings/users/{v}/{user}", "", Endpoint::User),
    ("GET", "/settings/v3/users", "v4", Endpoint::ListUsers),
    ("GET", "/settings/v3/users/{user}", "v4", Endpoint::User),
    ("GET", "/account-info/{v}/details", "", Endpoint::Account),
    ("GET", "/account-info/v3/details", "v4", Endpoint::Account),
    ("GET", "/account-info/{v}/api-usage/daily/private-apps", "", Endpoint::Usage),
    ("GET", "/account-info/v3/api-usage/daily/private-apps", "v4", Endpoint::Usage),
    ("POST", "/oauth/{v}/token", "", Endpoint::Token),
    ("POST", "/oauth/v3/token", "v4", Endpoint::Token),
    ("POST", "/oauth/{v}/token/introspect", "", Endpoint::TokenInfo),
    ("POST", "/oauth/v3/token/introspect", "v4", Endpoint::TokenInfo),
    ("POST", "/oauth/v2/private-apps/get/access-token-info", "v2", Endpoint::TokenInfo),
    ("GET", "/webhooks/2026-03/{app}/subscriptions", "2026-03", Endpoint::ListWebhooks),
    ("GET", "/app-webhooks/2026-09/{app}/subscriptions", "2026-09", Endpoint::ListWebhooks),
    ("GET", "/webhooks/v3/{app}/subscriptions", "v4", Endpoint::ListWebhooks),
    // Properties, lists, subscription types.
    ("GET", "/crm/properties/{v}/{object}", "", Endpoint::ListProperties),
    ("GET", "/crm/v3/properties/{object}", "v4", Endpoint::ListProperties),
    ("GET", "/crm/lists/{v}/{list}", "", Endpoint::GetList),
    ("GET", "/crm/v3/lists/{list}", "v4", Endpoint::GetList),
    ("GET", "/communication-preferences/{v}/definitions", "", Endpoint::ListConsents),
    ("GET", "/communication-preferences/v4/definitions", "v4", Endpoint::ListConsents),
    // Sequences.
    ("POST", "/automation/sequences/{v}/enrollments", "", Endpoint::EnrollSequence),
    (
        "GET",
        "/automation/sequences/{v}/enrollments/contact/{contact}",
        "",
        Endpoint::ReadEnrollment,
    ),
    ("GET", "/automation/sequences/{v}", "", Endpoint::ListSequences),
    ("GET", "/automation/sequences/{v}/{sequence}", "", Endpoint::GetSequence),
    ("POST", "/automation/v4/sequences/enrollments", "v4", Endpoint::EnrollSequence),
    (
        "GET",
        "/automation/v4/sequences/enrollments/contact/{contact}",
        "v4",
        Endpoint::ReadEnrollment,
    ),
    ("GET", "/automation/v4/sequences", "v4", Endpoint::ListSequences),
    ("GET", "/automation/v4/sequences/{sequence}", "v4", Endpoint::GetSequence),
    ("POST", "/crm/v3/objects/contacts/{contact}/sequences", "route-map", Endpoint::EnrollSequence),
    (
        "GET",
        "/crm/v3/objects/contacts/{contact}/associations/sequences",
        "route-map",
        Endpoint::ListEnrollments,
    ),
    (
        "GET",
        "/crm/v3/objects/contacts/{contact}/sequences/{enrollment}",
        "route-map",
        Endpoint::ReadEnrollment,
    ),
    (
        "DELETE",
        "/crm/v3/objects/contacts/{contact}/sequences/{enrollment}",
        "route-map",
        Endpoint::UnenrollSequence,
    ),
    // Workflows.
    (
        "GET",
        "/automation/v2/workflows/enrollments/contacts/{contact}",
        "v2",
        Endpoint::ReadWorkflows,
    ),
    (
        "POST",
        "/automation/v2/workflows/{workflow}/enrollments/contacts/{email}",
        "v2",
        Endpoint::EnrollWorkflow,
    ),
    (
        "DELETE",
        "/automation/v2/workflows/{workflow}/enrollments/contacts/{email}",
        "v2",
        Endpoint::UnenrollWorkflow,
    ),
    (
        "POST",
        "/automation/v4/flows/{flow}/enrollments/contacts",
        "route-map",
        Endpoint::EnrollWorkflow,
    ),
    ("POST", "/automation/v4/workflow-id-mappings/batch/read", "v4", Endpoint::MapWorkflowIds),
    (
        "POST",
        "/automation/2026-09-beta/workflow-id-mappings/batch/read",
        "2026-09-beta",
        Endpoint::MapWorkflowIds,
    ),
    ("GET", "/automation/v4/flows", "v4", Endpoint::ListFlows),
    ("GET", "/automation/v4/flows/{flow}", "v4", Endpoint::GetFlow),
];

/// A row of the table that fits a request, with what stood in its braces.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) endpoint: Endpoint,
    pub(super) dialect: String,
    pub(super) parts: BTreeMap<&'static str, String>,
}

impl Route {
    /// The first row that fits, or `Unknown`.
    pub(super) fn find(method: &str, path: &str) -> Self {
        for (row_method, pattern, dialect, endpoint) in ROUTES {
            if *row_method != method {
                continue;
            }
            if let Some(mut parts) = fit(pattern, path) {
                let dialect = parts.remove("v").unwrap_or_else(|| (*dialect).to_owned());
                return Self { endpoint: *endpoint, dialect, parts };
            }
        }
        Self { endpoint: Endpoint::Unknown, dialect: "unknown".to_owned(), parts: BTreeMap::new() }
    }
}

/// What stands in the braces of `pattern`, when `path` fits it.
fn fit(pattern: &'static str, path: &str) -> Option<BTreeMap<&'static str, String>> {
    let mut parts = BTreeMap::new();
    let (mut want, mut have) = (pattern.split('/'), path.split('/'));
    loop {
        match (want.next(), have.next()) {
            (None, None) => return Some(parts),
            (Some(want), Some(have)) => {
                let name = want.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
                match name {
                    Some("v") if !DATED.contains(&have) => return None,
                    Some(_) if have.is_empty() => return None,
                    Some(name) => {
                        parts.insert(name, decode(have));
                    }
                    None if want != have => return None,
                    None => {}
                }
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(request: &str, endpoint: Endpoint, dialect: &str) {
        let (method, path) = request.split_once(' ').expect("method and path");
        let route = Route::find(method, path);
        assert_eq!((route.endpoint, &*route.dialect), (endpoint, dialect), "{request}");
    }

    #[test]
    fn every_profile_reaches_the_same_endpoints() {
        check("GET /crm/objects/2026-03/contacts/1", Endpoint::ReadContact, "2026-03");
        check("GET /crm/objects/2026-09/0-1/1", Endpoint::ReadContact, "2026-09");
        check("GET /crm/v3/objects/contacts/1", Endpoint::ReadContact, "v4");
        check(
            "POST /automation/sequences/2026-03/enrollments",
            Endpoint::EnrollSequence,
            "2026-03",
        );
        check(
            "POST /automation/sequences/2026-09/enrollments",
            Endpoint::EnrollSequence,
            "2026-09",
        );
        check("POST /automation/v4/sequences/enrollments", Endpoint::EnrollSequence, "v4");
        check("POST /crm/v3/objects/contacts/1/sequences", Endpoint::EnrollSequence, "route-map");
        check(
            "POST /automation/v4/flows/9/enrollments/contacts",
            Endpoint::EnrollWorkflow,
            "route-map",
        );
        check(
            "DELETE /automation/v2/workflows/9/enrollments/contacts/a%40b",
            Endpoint::UnenrollWorkflow,
            "v2",
        );
    }

    #[test]
    fn a_path_of_no_profile_is_unknown() {
        check("GET /crm/objects/2025-01/contacts/1", Endpoint::Unknown, "unknown");
        check("DELETE /automation/v4/sequences/enrollments/1", Endpoint::Unknown, "unknown");
        check("POST /automation/v4/sequences/enrollments/", Endpoint::Unknown, "unknown");
        check("GET /crm/v3/objects/contacts/", Endpoint::Unknown, "unknown");
    }
}
