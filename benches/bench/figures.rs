//! Medians, percentiles, and how figures are written.

use std::time::Duration;

/// The middle one; of an even number the lower of both.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

/// The smallest value that `percent` of all do not exceed, in milliseconds. They are sorted.
pub(crate) fn percentile_ms(sorted: &[Duration], percent: f64) -> f64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map_or(f64::NAN, |found| found.as_secs_f64() * 1e3)
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.round());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place != 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Line {
    /// N1 and so on, of the targets.
    pub(crate) number: &'static str,
    /// What was measured.
    pub(crate) what: String,
    /// What is wanted.
    pub(crate) target: String,
    /// What was found.
    pub(crate) figure: String,
    /// Whether that is enough; `None` where there is no target.
    pub(crate) is_met: Option<bool>,
}

/// Prints the table, as it goes into docs/performance.md.
pub(crate) fn print(lines: &[Line]) {
    println!("\n| # | what | target | figure | met |\n|---|---|---|---|---|");
    for line in lines {
        let met = match line.is_met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "-",
        };
        let Line { number, what, target, figure, .. } = line;
        println!("| {number} | {what} | {target} | {figure} | {met} |");
    }
}
