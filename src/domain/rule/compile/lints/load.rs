//! What a full inbox would send, against what HubSpot lets it send.

use super::super::Context;
use crate::domain::rule::code;

/// Senders whose budget promises more emails than their inbox may send.
pub(super) fn check(ctx: &Context<'_>) {
    let emails = ctx.sequences.values().map(|sequence| sequence.emails).max().unwrap_or_default();
    for (name, table) in ctx.book.named("senders") {
        let (Some(node), Some(sender)) = (table.get("send_limit"), ctx.senders.get(name)) else {
            continue;
        };
        let total = sender.daily_budget.saturating_mul(emails);
        if let Some(limit) = sender.send_limit
            && limit < total
        {
            let message = format!(
                "{name}: {} a day × {emails} emails ≈ {total} emails a day when full; the send \
                 limit you gave for this inbox is {limit}.",
                sender.daily_budget
            );
            let hint = format!("Write daily_budget = {} or less.", limit / emails.max(1));
            node.warning(code::LINT_SEND_LIMIT, message, hint);
        }
    }
}
