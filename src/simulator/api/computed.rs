//! The contact properties HubSpot computes from sequence enrollments (HUBSPOT.md 3.6).

use super::super::clock::iso;
use super::super::hub::Hub;
use super::super::id::Id;
use super::super::state::{Enrollment, How, Target};

/// A property that HubSpot computes from a contact's enrollments (HUBSPOT.md 3.6), as it stood
/// `properties_lag_ms` ago.
pub(super) fn computed(hub: &Hub, contact: &Id, name: &str) -> Option<String> {
    let lag = i64::try_from(hub.state.settings.properties_lag_ms).unwrap_or(i64::MAX);
    let at = hub.now().saturating_sub(lag);
    let all: Vec<&Enrollment> = hub.sequences_of(contact, at).collect();
    let latest = all.iter().max_by_key(|entry| entry.at)?;
    let active = all.iter().filter(|entry| hub.is_active(entry, at)).count();
    let end = hub.end_of(latest, at);
    let ended = |how: &[How]| end.filter(|end| how.contains(&end.how)).map(|end| iso(end.at));
    match name {
        "hs_sequences_is_enrolled" => Some((active > 0).to_string()),
        "hs_sequences_enrolled_count" => Some(all.len().to_string()),
        "hs_sequences_actively_enrolled_count" => Some(active.to_string()),
        "hs_latest_sequence_enrolled" => match &latest.target {
            Target::Sequence(id) => Some(id.to_string()),
            Target::Workflow(_) => None,
        },
        "hs_latest_sequence_enrolled_date" => Some(iso(latest.at)),
        "hs_latest_sequence_ended_date" => end.map(|end| iso(end.at)),
        "hs_latest_sequence_finished_date" => ended(&[How::Finish]),
        "hs_latest_sequence_unenrolled_date" => ended(&[How::Reply, How::Unenroll, How::Bounce]),
        "hs_sales_email_last_replied" => ended(&[How::Reply]),
        _ => None,
    }
}
