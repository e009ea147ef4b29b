//! What is said of what a person of the house pressed about a contact.

/// unenroll `matched` of a press.
pub fn taken_out(from: &str, who: &str) -> String {
    format!("Taken out of {from} by {who}.")
}

/// Why something waiting was withdrawn: "take out".
pub fn pressed_take_out(who: &str) -> String {
    format!("{who} took the contact out")
}

/// Why something waiting was withdrawn, and why nothing follows: "never contact again".
pub fn never_again(who: &str, day: &str) -> String {
    format!("{who} said so on {day}")
}

/// The record of "never contact again" where nothing is left to end.
pub fn barred(who: &str) -> String {
    format!("Never contacted again from now on, says {who}. Nothing to unenroll.")
}

/// The record of "allow again".
pub fn allowed_again(who: &str) -> String {
    format!("May be contacted again, says {who}.")
}
