//! Times of day and time zones as people write them, and the spelling that is accepted.

use crate::domain::rule::suggest;

/// What everyday names of zones usually stand for.
const EVERYDAY: [(&[&str], &str); 7] = [
    (&["est", "edt", "et", "eastern", "eastern time"], "America/New_York"),
    (&["cst", "cdt", "ct", "central", "central time"], "America/Chicago"),
    (&["mst", "mdt", "mt", "mountain", "mountain time"], "America/Denver"),
    (&["pst", "pdt", "pt", "pacific", "pacific time"], "America/Los_Angeles"),
    (&["cet", "cest", "met", "mez", "germany"], "Europe/Berlin"),
    (&["gmt", "bst", "uk", "london"], "Europe/London"),
    (&["ist", "india"], "Asia/Kolkata"),
];

/// The zone that was probably meant.
pub(super) fn zone_hint(name: &str) -> String {
    let wanted = name.trim().to_lowercase();
    let everyday = EVERYDAY.iter().find(|(names, _)| names.contains(&wanted.as_str()));
    if let Some((_, zone)) = everyday {
        return format!("Use the name of a place, here probably \"{zone}\".");
    }
    let all: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
    let city = |zone: &&str| {
        zone.rsplit('/').next().is_some_and(|city| city.replace('_', " ").to_lowercase() == wanted)
    };
    let names = || all.iter().map(String::as_str).filter(|zone| zone.contains('/'));
    match names().find(city).or_else(|| suggest::nearest(name, names())) {
        Some(near) => format!("Did you mean \"{near}\"?"),
        None => "Use a name such as \"America/New_York\".".to_owned(),
    }
}

/// `"8am"`, `"17.00"`, `"4:30 pm"`, `"0830"` as `"HH:MM"`.
pub(super) fn meant(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (clock, add) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim(), 0),
        (_, Some(clock)) => (clock.trim(), 12),
        _ => (text.as_str(), 0),
    };
    let (hours, minutes) = match clock.split_once([':', '.', 'h']) {
        Some((hours, "")) => (hours, "0"),
        Some(parts) => parts,
        None if clock.len() == 4 && clock.is_ascii() => clock.split_at(2),
        None => (clock, "0"),
    };
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let hours = if text.ends_with('m') { hours % 12 + add } else { hours };
    (hours < 24 && minutes < 60).then(|| format!("{hours:02}:{minutes:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(meant(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn clocks_of_all_habits_are_understood() {
        check("8am", Some("08:00"));
        check("12 am", Some("00:00"));
        check("12pm", Some("12:00"));
        check("4:30 pm", Some("16:30"));
        check("17.00", Some("17:00"));
        check("0830", Some("08:30"));
        check("17h", Some("17:00"));
        check("25:00", None);
        check("noon", None);
        check("", None);
    }

    #[test]
    fn a_zone_is_offered_by_its_everyday_name_its_city_or_its_spelling() {
        assert!(zone_hint("EST").contains("\"America/New_York\""));
        assert!(zone_hint("Berlin").contains("\"Europe/Berlin\""));
        assert!(zone_hint("Amercia/New_York").contains("\"America/New_York\""));
        assert!(zone_hint("the moon").contains("such as"));
    }
}
