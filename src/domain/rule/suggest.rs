//! "Did you mean": the known name nearest to a misspelled one.

/// The number of single-character edits between two names, a swap of neighbours counted as one.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let width = right.len() + 1;
    let mut before_last = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (row, &from) in left.iter().enumerate() {
        let mut current = vec![row + 1; width];
        for (column, &to) in right.iter().enumerate() {
            let replaced = last[column] + usize::from(from != to);
            let mut best = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            let swapped = 0 < row && 0 < column && from == right[column - 1] && left[row - 1] == to;
            if swapped {
                best = best.min(before_last[column - 1] + 1);
            }
            current[column + 1] = best;
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[width - 1]
}

/// The longest name worth comparing: names are typed by hand.
const MAX_CHARS: usize = 80;

/// The candidate nearest to `name`, if one is near enough to be what was meant.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let length = name.chars().count();
    if MAX_CHARS < length {
        return None;
    }
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= MAX_CHARS)
        .map(|candidate| (distance(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(edits, _)| *edits <= 1 + length / 4)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// The hint for a misspelled name: the nearest candidate, else all of them when they are few.
pub fn hint<'c>(
    name: &str,
    candidates: impl IntoIterator<Item = &'c str> + Clone,
    label: &str,
) -> Option<String> {
    if let Some(meant) = nearest(name, candidates.clone()) {
        return Some(format!("Did you mean \"{meant}\"?"));
    }
    let all: Vec<&str> = candidates.into_iter().collect();
    match all.len() {
        0 => None,
        1..=20 => Some(format!("{label}: {}.", all.join(", "))),
        _ => Some(format!("{label}: {} and {} more.", all[..20].join(", "), all.len() - 20)),
    }
}

/// The hint for a number that lacks its unit of time.
pub fn with_unit(number: &str) -> String {
    format!(
        "Write a number and a unit: \"{number} seconds\", \"{number} minutes\", \"{number} hours\" or \"{number} days\"."
    )
}

/// More words than these are not listed whole.
pub const FEW: usize = 12;

/// [`alternatives`], the first of them where they are many.
pub fn few(words: &[&str]) -> String {
    match words.get(..FEW) {
        Some(first) if FEW < words.len() => {
            format!("{} or one of {} more", first.join(", "), words.len() - FEW)
        }
        _ => alternatives(words),
    }
}

/// `a, b or c`.
pub fn alternatives(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, rest @ [_, ..])) => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => (*last).to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, candidates: &[&str], expected: Option<&str>) {
        assert_eq!(nearest(name, candidates.iter().copied()), expected, "{name}");
    }

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        check("prioirty", &["priority", "property"], Some("priority"));
        check("inboud-sdr", &["inbound-sdr", "revival"], Some("inbound-sdr"));
        check("lifecycle_stage", &["lifecyclestage", "email"], Some("lifecyclestage"));
        check("IMPORTS", &["import"], Some("import"));
        check("zebra", &["priority"], None);
        check("", &["id"], None);
    }
}
