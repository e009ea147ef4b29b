//! Conditions and triggers as their authors write them, on values as HubSpot sends them.

mod conditions;
mod triggers;

use super::{Rule, RuleFile, compile};

/// The only rule of a folder with `more` beside what every rule needs.
#[track_caller]
fn rule(when: &str, more: &str) -> Rule {
    let text = format!(
        "[portal]\nid = 1\ntime_zone = \"America/New_York\"\n[themes.t]\n[workflows.w]\nid = 1\n\
         theme = \"t\"\nholds_for = \"1 day\"\n[values]\nemea = [\"DE\", \"FR\"]\n\
         [domains]\nrivals = [\"rival.com\"]\n[hubspot_lists.vip]\nid = 1\n\
         [[rule]]\nid = \"r\"\nsays = \"s\"\n\
         when = {{ {when} }}\nenroll = {{ workflow = \"w\" }}\n{more}"
    );
    let lock = "[contact.stage]\ntype = \"enumeration\"\nfield_type = \"select\"\n\
                [contact.topics]\ntype = \"enumeration\"\nfield_type = \"checkbox\"\n\
                [contact.text]\ntype = \"string\"\n[contact.score]\ntype = \"number\"\n\
                [contact.vip]\ntype = \"bool\"\n[contact.born]\ntype = \"date\"\n\
                [contact.seen]\ntype = \"datetime\"\n";
    let file = |name: &str, text: &str| RuleFile { name: name.to_owned(), text: text.to_owned() };
    let files = [file("portal.toml", &text), file(".properties.lock.toml", lock)];
    let compiled = compile(&files);
    match compiled.rules {
        Some(set) => set.rules[0].clone(),
        None => panic!("{:#?}", compiled.diagnostics),
    }
}
