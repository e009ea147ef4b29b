//! The four endpoint tables (HUBSPOT.md 3.1, 3.8, 4 and 5; PRODUCT.md "Profiles").

use std::fmt::Write;
use std::str::FromStr;

use super::inspect::{INSPECT_2026_03, INSPECT_2026_09, INSPECT_V4, Places};

/// `[hubspot] profile`: which endpoint table to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// `2026-03`: dated paths of March 2026.
    #[default]
    Dated202603,
    /// `2026-09`: dated paths of September 2026.
    Dated202609,
    /// `v4`: sequences under `/automation/v4`, the rest under `/crm/v3`.
    V4,
    /// `route-map`: the paths of HUBSPOT.md 3.8; every other read as in `v4`.
    RouteMap,
}

/// No profile has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown profile `{0}`; there are `2026-03`, `2026-09`, `v4` and `route-map`")]
pub struct UnknownProfile(String);

impl Profile {
    /// Every profile, the default first.
    pub const ALL: [Self; 4] = [Self::Dated202603, Self::Dated202609, Self::V4, Self::RouteMap];

    /// Its name in `hubroute.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dated202603 => "2026-03",
            Self::Dated202609 => "2026-09",
            Self::V4 => "v4",
            Self::RouteMap => "route-map",
        }
    }

    /// Whether it has a call that takes a contact out of a sequence (HUBSPOT.md 3.8).
    pub fn leaves_sequences(self) -> bool {
        self.endpoints().dialect == Dialect::RouteMap
    }

    /// Where its calls go.
    pub(super) const fn endpoints(self) -> &'static Endpoints {
        match self {
            Self::Dated202603 => &DATED_2026_03,
            Self::Dated202609 => &DATED_2026_09,
            Self::V4 => &V4,
            Self::RouteMap => &ROUTE_MAP,
        }
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, UnknownProfile> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name() == text)
            .ok_or_else(|| UnknownProfile(text.to_owned()))
    }
}

/// How enrollments are worded and read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// As HubSpot documents it: the user in the query, workflows by email and workflow id.
    Documented,
    /// As HUBSPOT.md 3.8 words it: the user in the body, workflows by flow id.
    RouteMap,
}

/// Paths with `{names}` in braces; [`fill`] puts the values in.
#[derive(Debug)]
pub(super) struct Endpoints {
    pub(super) dialect: Dialect,
    pub(super) contact: &'static str,
    pub(super) owner: &'static str,
    pub(super) owners: &'static str,
    /// Path and query of the cheapest read.
    pub(super) probe: (&'static str, &'static str),
    pub(super) enroll_sequence: &'static str,
    pub(super) sequence_enrollments: &'static str,
    pub(super) enroll_workflow: &'static str,
    /// Where a refresh token buys an access token (HUBSPOT.md 6).
    pub(super) token: &'static str,
    /// What only `doctor` and `check --portal` ask.
    pub(super) inspect: &'static Places,
}

/// One enrollment, followed from the associations of the route map.
pub(super) const ROUTE_MAP_ENROLLMENT: &str =
    "/crm/v3/objects/contacts/{contact}/sequences/{enrollment}";
/// The current workflows of a contact: v2 in every documented profile (HUBSPOT.md 4.1).
pub(super) const WORKFLOW_ENROLLMENTS: &str =
    "/automation/v2/workflows/enrollments/contacts/{contact}";
/// Flow ids to workflow ids and back (HUBSPOT.md 4.2).
pub(super) const ID_MAPPINGS: &str = "/automation/v4/workflow-id-mappings/batch/read";

/// Enrolling and unenrolling by workflow id and email (HUBSPOT.md 4.1).
pub(super) const V2_ENROLL: &str =
    "/automation/v2/workflows/{workflow}/enrollments/contacts/{email}";

const DATED_2026_03: Endpoints = Endpoints {
    dialect: Dialect::Documented,
    contact: "/crm/objects/2026-03/contacts/{contact}",
    owner: "/crm/owners/2026-03/{owner}",
    owners: "/crm/owners/2026-03",
    probe: ("/account-info/2026-03/details", ""),
    enroll_sequence: "/automation/sequences/2026-03/enrollments",
    sequence_enrollments: "/automation/sequences/2026-03/enrollments/contact/{contact}",
    enroll_workflow: V2_ENROLL,
    token: "/oauth/2026-03/token",
    inspect: &INSPECT_2026_03,
};

const DATED_2026_09: Endpoints = Endpoints {
    dialect: Dialect::Documented,
    contact: "/crm/objects/2026-09/contacts/{contact}",
    owner: "/crm/owners/2026-09/{owner}",
    owners: "/crm/owners/2026-09",
    // Account info is documented for 2026-03 only.
    probe: ("/crm/owners/2026-09", "limit=1"),
    enroll_sequence: "/automation/sequences/2026-09/enrollments",
    sequence_enrollments: "/automation/sequences/2026-09/enrollments/contact/{contact}",
    enroll_workflow: V2_ENROLL,
    token: "/oauth/2026-09/token",
    inspect: &INSPECT_2026_09,
};

const V4: Endpoints = Endpoints {
    dialect: Dialect::Documented,
    contact: "/crm/v3/objects/contacts/{contact}",
    owner: "/crm/v3/owners/{owner}",
    owners: "/crm/v3/owners",
    probe: ("/crm/v3/owners", "limit=1"),
    // The version stands before `sequences` here, and after it in the dated paths.
    enroll_sequence: "/automation/v4/sequences/enrollments",
    sequence_enrollments: "/automation/v4/sequences/enrollments/contact/{contact}",
    enroll_workflow: V2_ENROLL,
    token: "/oauth/v3/token",
    inspect: &INSPECT_V4,
};

const ROUTE_MAP: Endpoints = Endpoints {
    dialect: Dialect::RouteMap,
    enroll_sequence: "/crm/v3/objects/contacts/{contact}/sequences",
    sequence_enrollments: "/crm/v3/objects/contacts/{contact}/associations/sequences",
    enroll_workflow: "/automation/v4/flows/{flow}/enrollments/contacts",
    ..V4
};

/// Puts each value, percent-encoded, in the place of its `{name}`.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |path, (name, value)| {
        path.replace(&format!("{{{name}}}"), &encode(value))
    })
}

/// Percent-encodes everything but the unreserved characters of RFC 3986, so that `+`, `/` and
/// `@` of an address stay one path segment or one query value.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for profile in Profile::ALL {
            assert_eq!(profile.name().parse(), Ok(profile));
        }
        assert_eq!(Profile::default().name(), "2026-03");
        let refused = "v3".parse::<Profile>().unwrap_err().to_string();
        assert!(refused.contains("`v3`") && refused.contains("`route-map`"), "{refused}");
    }

    #[test]
    fn an_address_stays_one_path_segment() {
        let path = fill(V2_ENROLL, &[("workflow", "7"), ("email", "a+b/c?d#é@example.com")]);
        assert_eq!(
            path,
            "/automation/v2/workflows/7/enrollments/contacts/a%2Bb%2Fc%3Fd%23%C3%A9%40example.com"
        );
    }
}
