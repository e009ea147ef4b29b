//! Workflows that leave no trace: a lost answer of theirs is for a person.

use super::super::Context;
use crate::domain::rule::code;

/// A workflow that re-enrolls, may be over before anybody looks, and stamps no marker.
pub(super) fn check(ctx: &Context<'_>) {
    for (name, workflow) in &ctx.workflows {
        let leaves_a_trace = workflow.runs_at_least.is_some() || workflow.marker.is_some();
        if workflow.re_enrolls != Some(true) || leaves_a_trace {
            continue;
        }
        let node = ctx.book.one("workflows", name.as_str()).and_then(|it| it.get("re_enrolls"));
        let Some(node) = node else { continue };
        let message = format!(
            "{name} re-enrolls and may be over at once: when HubSpot's answer is lost, only a person can \
             tell whether it ran."
        );
        let hint = "Say how long it surely lasts (runs_at_least = \"1 day\"), or let its first action stamp \
                    a property and name it: marker = \"last_run\".";
        node.warning(code::LINT_NO_TRACE, message, hint);
    }
}
