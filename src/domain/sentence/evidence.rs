//! What the end of a doubt rests on, in words.

use jiff::tz::TimeZone;

use super::minute;
use crate::domain::claim::{Evidence, Showed};
use crate::domain::time::Timestamp;

/// All of it, for example `looked 3 times, 24 Nov 2026 10:45 to 24 Nov 2026 11:00: HubSpot shows
/// nothing of it; HubSpot's id of the call: c-9`.
pub fn evidence(evidence: &Evidence, zone: &TimeZone) -> String {
    let mut parts = vec![looks(evidence, zone)];
    if evidence.unanswered != 0 {
        parts.push(format!("{} HubSpot gave no answer", times(evidence.unanswered)));
    }
    parts.extend(evidence.call.as_ref().map(|id| format!("HubSpot's id of the call: {id}")));
    parts.extend(evidence.by.as_ref().map(|who| format!("{who} looked in HubSpot and said so")));
    parts.join("; ")
}

fn looks(evidence: &Evidence, zone: &TimeZone) -> String {
    let (Some(first), Some(last), Some(showed)) = (evidence.first, evidence.last, evidence.showed)
    else {
        return "HubSpot has not been asked yet, or has not answered".to_owned();
    };
    let (first, last) = (minute(first, zone), minute(last, zone));
    let when = if first == last { first } else { format!("{first} to {last}") };
    format!("looked {}, {when}: {}", times(evidence.looks), showing(showed, zone))
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn showing(showed: Showed, zone: &TimeZone) -> String {
    let since = |at: Option<Timestamp>| {
        at.map(|at| format!(" since {}", minute(at, zone))).unwrap_or_default()
    };
    match showed {
        Showed::Enrolled { at } => format!("HubSpot shows it{}", since(at)),
        Showed::Stamped { at } => {
            format!("the workflow stamped its marker on {}", minute(at, zone))
        }
        Showed::Another { at } => format!("HubSpot shows another sequence{}", since(at)),
        Showed::Nothing => "HubSpot shows nothing of it".to_owned(),
        Showed::Unstamped { silence } => {
            format!("HubSpot does not show it, and {}", silence.says())
        }
        Showed::Unreadable => "HubSpot shows nothing that can be trusted".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::Silence;

    const NOON: Timestamp = Timestamp::from_unix_ms(1_795_521_600_000);

    #[track_caller]
    fn check(it: &Evidence, expected: &str) {
        assert_eq!(evidence(it, &TimeZone::UTC), expected);
    }

    fn seen(showed: Showed) -> Evidence {
        let (first, last) = (Some(NOON), Some(NOON.plus_ms(900_000)));
        Evidence { looks: 3, first, last, showed: Some(showed), ..Evidence::default() }
    }

    #[test]
    fn evidence_reads_like_this() {
        let nobody = "HubSpot has not been asked yet, or has not answered";
        check(&Evidence::default(), nobody);
        check(
            &Evidence { unanswered: 2, ..Evidence::default() },
            &format!("{nobody}; 2 times HubSpot gave no answer"),
        );
        let when = "looked 3 times, 24 Nov 2026 12:00 to 24 Nov 2026 12:15";
        for (showed, words) in [
            (Showed::Enrolled { at: None }, "HubSpot shows it"),
            (Showed::Enrolled { at: Some(NOON) }, "HubSpot shows it since 24 Nov 2026 12:00"),
            (Showed::Stamped { at: NOON }, "the workflow stamped its marker on 24 Nov 2026 12:00"),
            (Showed::Another { at: None }, "HubSpot shows another sequence"),
            (Showed::Nothing, "HubSpot shows nothing of it"),
            (
                Showed::Unstamped { silence: Silence::NotRun },
                "HubSpot does not show it, and its marker was not stamped",
            ),
            (Showed::Unreadable, "HubSpot shows nothing that can be trusted"),
        ] {
            check(&seen(showed), &format!("{when}: {words}"));
        }
        let once = Evidence {
            looks: 1,
            last: Some(NOON),
            call: Some("c-9".to_owned()),
            by: Some("Ann".to_owned()),
            ..seen(Showed::Nothing)
        };
        check(
            &once,
            "looked once, 24 Nov 2026 12:00: HubSpot shows nothing of it; HubSpot's id of the call: c-9; \
             Ann looked in HubSpot and said so",
        );
    }
}
