//! Which arm of a split is whose: a fixed hash, so that the same person always gets the same one
//! and a test can name it.

use sha2::{Digest, Sha256};

use super::model::{Action, Place, Rule};
use crate::domain::id::{ContactId, TargetName};

/// An arm of a split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// Its share of the people, 1 to 100.
    pub percent: u32,
    /// Where it stands.
    pub place: Place,
}

impl Rule {
    /// The rule as it is for `contact`: of a split, their arm.
    pub fn of(&self, contact: ContactId) -> &Self {
        arm(self, contact).unwrap_or(self)
    }

    /// Whether it enrolls into `target`, in one of its arms where it has any.
    pub fn enrolls_into(&self, target: &TargetName) -> bool {
        let into = |rule: &Self| matches!(&rule.action, Action::Enroll { target: it, .. } if it.name == *target);
        into(self) || self.arms.iter().any(into)
    }
}

/// The arm of `contact`, where the rule is split. A rule that was renamed keeps its arms (`was`).
fn arm(rule: &Rule, contact: ContactId) -> Option<&Rule> {
    let id = rule.was.as_ref().unwrap_or(&rule.id);
    let point = point(id.as_str(), contact);
    let mut end = 0;
    rule.arms.iter().find(|arm| {
        end += arm.arm.as_ref().map_or(0, |arm| arm.percent);
        point < end
    })
}

/// Where a person stands among a hundred, 0 to 99.
fn point(rule: &str, contact: ContactId) -> u32 {
    let mut hash = Sha256::new();
    hash.update((rule.len() as u64).to_be_bytes());
    hash.update(rule);
    hash.update(contact.0.to_be_bytes());
    let digest = hash.finalize();
    let first = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    first % 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_keeps_the_place_they_have() {
        // Fixed for ever: whoever is in an arm stays there over versions.
        let points: Vec<u32> = (1..=8).map(|id| point("came-back", ContactId(id))).collect();
        assert_eq!(points, [14, 39, 38, 60, 10, 70, 30, 15]);
        assert_ne!(point("came-back", ContactId(1)), point("other", ContactId(1)));
    }

    #[test]
    fn places_are_spread_evenly() {
        let mut counts = [0_u32; 100];
        for id in 0..10_000 {
            counts[point("came-back", ContactId(id)) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (60..=140).contains(count)), "{counts:?}");
    }
}
