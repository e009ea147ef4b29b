//! Where each profile asks.

/// Paths; names in braces are filled in.
#[derive(Debug)]
pub(in crate::hubspot) struct Places {
    /// The account (HUBSPOT.md 6). Documented for 2026-03 and v3 only.
    pub(super) details: &'static str,
    /// Its calls of today.
    pub(super) usage: &'static str,
    /// Users with their seats (HUBSPOT.md 3.3).
    pub(super) users: &'static str,
    /// The sequences of a user (HUBSPOT.md 3.1).
    pub(super) sequences: &'static str,
    /// A list. [D: api-reference 2026-03 and v3, crm/lists]
    pub(super) list: &'static str,
    /// The property definitions of an object. [D: api-reference 2026-03 and v3, crm/properties]
    pub(super) properties: &'static str,
    /// Subscription types. [D: api-reference 2026-03 and v4, communication-preferences]
    pub(super) consents: &'static str,
    /// The webhook subscriptions of an app (HUBSPOT.md 6.1): of legacy public apps only.
    pub(super) webhooks: &'static str,
    /// What a bought token may do. [D: api-reference 2026-03, oauth-tokens/token-introspect]
    pub(super) introspect: &'static str,
}

/// `2026-03`.
pub(in crate::hubspot) const INSPECT_2026_03: Places = Places {
    details: "/account-info/2026-03/details",
    usage: "/account-info/2026-03/api-usage/daily/private-apps",
    users: "/settings/users/2026-03",
    sequences: "/automation/sequences/2026-03",
    list: "/crm/lists/2026-03/{list}",
    properties: "/crm/properties/2026-03/{object}",
    consents: "/communication-preferences/2026-03/definitions",
    webhooks: "/webhooks/2026-03/{app}/subscriptions",
    introspect: "/oauth/2026-03/token/introspect",
};

/// `2026-09`: that these paths moved on with the others is [I], save users, properties and tokens.
pub(in crate::hubspot) const INSPECT_2026_09: Places = Places {
    users: "/settings/users/2026-09",
    sequences: "/automation/sequences/2026-09",
    list: "/crm/lists/2026-09/{list}",
    properties: "/crm/properties/2026-09/{object}",
    consents: "/communication-preferences/2026-09/definitions",
    webhooks: "/app-webhooks/2026-09/{app}/subscriptions",
    introspect: "/oauth/2026-09/token/introspect",
    ..INSPECT_2026_03
};

/// `v4`, and `route-map`, which reads like it.
pub(in crate::hubspot) const INSPECT_V4: Places = Places {
    details: "/account-info/v3/details",
    usage: "/account-info/v3/api-usage/daily/private-apps",
    users: "/settings/v3/users",
    sequences: "/automation/v4/sequences",
    list: "/crm/v3/lists/{list}",
    properties: "/crm/v3/properties/{object}",
    consents: "/communication-preferences/v4/definitions",
    webhooks: "/webhooks/v3/{app}/subscriptions",
    introspect: "/oauth/v3/token/introspect",
};

/// A flow, in every profile: the flows API has no dated version (HUBSPOT.md 4.3).
pub(super) const FLOW: &str = "/automation/v4/flows/{flow}";
/// What an app's token may do. [D: private apps overview; the answer's names are C]
pub(super) const TOKEN_INFO: &str = "/oauth/v2/private-apps/get/access-token-info";
