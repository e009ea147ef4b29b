//! Booking enrollments and judging each one at the moment it is booked.

use super::hub::Hub;
use super::id::Id;
use super::state::{By, Ended, Enrollment, How, Target};

/// Twenty-four hours, the window of the send limit (HUBSPOT.md 3.5).
const SEND_WINDOW_MS: i64 = 24 * 60 * 60 * 1000;

/// One enrollment to book.
#[derive(Clone, Debug)]
pub(super) struct Booking {
    pub(super) contact: Id,
    pub(super) target: Target,
    pub(super) user: Option<Id>,
    pub(super) sender: Option<String>,
    pub(super) by: By,
}

impl Hub {
    /// Books an enrollment and judges it against what was active just before.
    ///
    /// Only a call of the API can be a duplicate or an overlap: what a person does by hand in
    /// HubSpot is never the caller's fault.
    pub(super) fn book(&mut self, booking: Booking) -> Enrollment {
        let (at, contact) = (self.now(), self.canonical(&booking.contact));
        let by_api = booking.by == By::Api;
        let entry = Enrollment {
            id: self.next_id(),
            duplicate: by_api && self.is_active_in(&contact, &booking.target, at),
            overlap: by_api && self.overlaps(&contact, &booking.target, at),
            contact: contact.clone(),
            target: booking.target,
            user: booking.user,
            sender: booking.sender,
            at,
            ended: None,
            by: booking.by,
        };
        self.by_contact.entry(contact).or_default().push(self.state.enrolled.len());
        if let Some(user) = &entry.user {
            let times = self.by_user.entry(user.clone()).or_default();
            times.insert(times.partition_point(|time| *time <= at), at);
        }
        self.state.enrolled.push(entry.clone());
        entry
    }

    /// The contact's enrollments, in the order they were booked.
    pub(super) fn enrollments(&self, contact: &Id) -> impl Iterator<Item = &Enrollment> {
        let places = self.by_contact.get(&self.canonical(contact));
        places.into_iter().flatten().map(|place| &self.state.enrolled[*place])
    }

    /// The contact's sequence enrollments that had begun by `at`.
    pub(super) fn sequences_of(&self, contact: &Id, at: i64) -> impl Iterator<Item = &Enrollment> {
        self.enrollments(contact)
            .filter(move |entry| entry.at <= at && matches!(entry.target, Target::Sequence(_)))
    }

    /// When an enrollment ended, as far as it had by `at`.
    pub(super) fn end_of(&self, entry: &Enrollment, at: i64) -> Option<Ended> {
        let runs_for = self.workflow_of(&entry.target).and_then(|flow| flow.runs_for_ms);
        let run_out = runs_for.map(|ms| Ended {
            at: entry.at.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)),
            how: How::Finish,
        });
        let first = [entry.ended, run_out].into_iter().flatten().min_by_key(|end| end.at);
        first.filter(|end| end.at <= at)
    }

    /// Whether an enrollment had begun and not ended at `at`.
    pub(super) fn is_active(&self, entry: &Enrollment, at: i64) -> bool {
        entry.at <= at && self.end_of(entry, at).is_none()
    }

    fn is_active_in(&self, contact: &Id, target: &Target, at: i64) -> bool {
        self.enrollments(contact).any(|entry| entry.target == *target && self.is_active(entry, at))
    }

    /// Whether `target` begins beside another target of one conversation, or in a conversation
    /// that an active one blocks.
    fn overlaps(&self, contact: &Id, target: &Target, at: i64) -> bool {
        let all = &self.state.conversations;
        let mine: Vec<_> = all.iter().filter(|conversation| conversation.holds(target)).collect();
        self.enrollments(contact)
            .filter(|entry| entry.target != *target && self.is_active(entry, at))
            .any(|active| {
                let theirs = all.iter().filter(|conversation| conversation.holds(&active.target));
                theirs.into_iter().any(|their| {
                    mine.iter().any(|my| my.name == their.name || their.blocks.contains(&my.name))
                })
            })
    }

    /// Ends the contact's active enrollments, all or those in `target`; gives how many.
    pub(super) fn end(&mut self, contact: &Id, target: Option<&Target>, how: How) -> usize {
        let now = self.now();
        let contact = self.canonical(contact);
        let places = self.by_contact.get(&contact).cloned().unwrap_or_default();
        let meant = |place: &usize| {
            let entry = &self.state.enrolled[*place];
            self.is_active(entry, now) && target.is_none_or(|target| entry.target == *target)
        };
        let active: Vec<usize> = places.into_iter().filter(meant).collect();
        for place in &active {
            self.state.enrolled[*place].ended = Some(Ended { at: now, how });
        }
        active.len()
    }

    /// Ends one enrollment by its id; false when the contact has no such active one.
    pub(super) fn end_one(&mut self, contact: &Id, enrollment: &Id) -> bool {
        let (now, contact) = (self.now(), self.canonical(contact));
        let place = self.by_contact.get(&contact).into_iter().flatten().copied().find(|place| {
            let entry = &self.state.enrolled[*place];
            entry.id == *enrollment && self.is_active(entry, now)
        });
        if let Some(place) = place {
            self.state.enrolled[place].ended = Some(Ended { at: now, how: How::Unenroll });
        }
        place.is_some()
    }

    /// Sequence enrollments this user made in the last 24 hours.
    pub(super) fn sent_by(&self, user: &Id) -> usize {
        let since = self.now() - SEND_WINDOW_MS;
        let times = self.by_user.get(user).map_or(&[][..], Vec::as_slice);
        times.len() - times.partition_point(|at| *at <= since)
    }
}
