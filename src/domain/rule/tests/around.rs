//! Conditions on companies, deals, lists and what the store remembers.

use super::{Scene, noon, properties, rule};
use crate::domain::gates::past::Stay;
use crate::domain::rule::condition::Finding;
use crate::domain::surroundings::{Company, Deal};
use crate::domain::time::DAY_MS;

fn ask(scene: &Scene, condition: &str) -> Finding {
    // Only a rule that starts from a deal may name that deal.
    let when = "event = \"deal-created\", contacts = \"all\"";
    let rule = rule(when, &format!("only_if = [{{ {condition} }}]"));
    scene.ask(&rule.only_if[0])
}

#[track_caller]
fn check(scene: &Scene, condition: &str, expected: bool, detail: &str) {
    let found = ask(scene, condition);
    assert_eq!((found.holds, found.detail.as_str()), (expected, detail), "{condition}");
}

fn deal(of: &[(&str, &str)], is_trigger: bool) -> Deal {
    Deal { properties: properties(of), is_trigger }
}

fn with_deals(deals: Vec<Deal>) -> Scene {
    let mut scene = Scene::of(&[]);
    scene.around.get_or_insert_default().deals = deals;
    scene
}

#[test]
fn which_says_which_deal() {
    let scene = with_deals(vec![
        deal(
            &[("text", "new"), ("createdate", "2026-11-20T00:00:00Z"), ("hs_is_closed", "true")],
            false,
        ),
        deal(&[("text", "old"), ("createdate", "2026-01-20T00:00:00Z")], true),
        deal(&[("text", "mid"), ("createdate", "2026-05-20"), ("hs_is_closed", "false")], false),
    ]);
    let is = |which: &str, text: &str| {
        ask(&scene, &format!("deal = \"text\", which = \"{which}\", is = \"{text}\"")).holds
    };
    let answers = |which: &str| [is(which, "new"), is(which, "old"), is(which, "mid")];
    assert_eq!(answers("any"), [true, true, true]);
    assert_eq!(answers("all"), [false, false, false]);
    assert_eq!(answers("latest"), [true, false, false]);
    assert_eq!(answers("open"), [false, true, true]);
    assert_eq!(answers("trigger"), [false, true, false]);
    check(&scene, "deal = \"text\", is = \"mid\"", true, "deal text is \"mid\"");
    let all = "deal text is \"new\"; deal text is \"old\"; deal text is \"mid\"";
    check(&scene, "deal = \"text\", which = \"all\", is_known = true", true, all);
}

#[test]
fn without_a_deal_or_a_company_everything_of_it_is_unknown() {
    let scene = Scene::of(&[]);
    for which in ["any", "all", "latest", "open", "trigger"] {
        let of = |rest: &str| ask(&scene, &format!("deal = \"text\", which = \"{which}\", {rest}"));
        assert!(!of("is = \"a\"").holds && !of("is_not = \"a\"").holds, "{which}");
        assert!(of("is_not = \"a\", or_unknown = true").holds, "{which}");
        assert!(of("is_unknown = true").holds && !of("is_known = true").holds, "{which}");
    }
    check(&scene, "deal = \"text\", is = \"a\"", false, "there is no deal");
    check(&scene, "deal = \"text\", which = \"open\", is = \"a\"", false, "there is no open deal");
    check(&scene, "company = \"text\", is = \"a\"", false, "company text is unknown");
    check(&scene, "company = \"text\", is_unknown = true", true, "company text is unknown");
}

#[test]
fn what_was_not_read_holds_of_nobody() {
    let mut scene = Scene::of(&[]);
    scene.around = None;
    check(&scene, "company = \"text\", is_unknown = true", false, "the company was not read");
    check(&scene, "deal = \"text\", is_unknown = true", false, "deals were not read");
    check(&scene, "in_list = \"vip\"", false, "lists were not read");
}

#[test]
fn companies_have_owners_too() {
    let mut scene = Scene::of(&[("hubspot_owner_id", "92")]);
    let company = Company { properties: properties(&[("hubspot_owner_id", "91")]), sender: None };
    scene.around.get_or_insert_default().company = Some(company);
    let seen = "company hubspot_owner_id is \"91\", who is dana";
    check(&scene, "company = \"hubspot_owner_id\", is = \"dana\"", true, seen);
    let seen = "hubspot_owner_id is \"92\", who is not dana";
    check(&scene, "property = \"hubspot_owner_id\", is = \"dana\"", false, seen);
    let seen = "hubspot_owner_id is \"92\", who is in team sdr";
    check(&scene, "property = \"hubspot_owner_id\", in_team = \"sdr\"", true, seen);
    let nobody = Scene::of(&[("hubspot_owner_id", "404")]);
    let seen = "hubspot_owner_id is \"404\", whom HubSpot does not know";
    check(&nobody, "property = \"hubspot_owner_id\", in_team = \"sdr\"", false, seen);
}

#[test]
fn lists_themes_and_enrollments_are_remembered() {
    let mut scene = Scene::of(&[]);
    check(&scene, "in_list = \"vip\"", false, "not on list \"vip\"");
    scene.around.get_or_insert_default().lists.insert("vip".to_owned());
    check(&scene, "in_list = \"vip\"", true, "on list \"vip\"");
    check(&scene, "in_theme = \"t\"", false, "in nothing of theme t");
    check(&scene, "was_enrolled_in = \"w\"", false, "never entered w");
    let began = noon().minus_ms(30 * DAY_MS);
    let stay = Stay {
        theme: "t".into(),
        name: "w".to_owned(),
        rule: None,
        claim: None,
        target: None,
        began,
        ended: Some(noon().minus_ms(DAY_MS)),
    };
    scene.stays = vec![stay.clone()];
    check(&scene, "in_theme = \"t\"", false, "in nothing of theme t");
    check(&scene, "was_enrolled_in = \"w\"", true, "entered w on 25 Oct 2026");
    let within = |days: u32| format!("was_enrolled_in = \"w\", within = \"{days} days\"");
    let seen = "entered w on 25 Oct 2026, within the last 31 days";
    check(&scene, &within(31), true, seen);
    let seen = "entered w on 25 Oct 2026, not within the last 29 days";
    check(&scene, &within(29), false, seen);
    scene.stays = vec![Stay { ended: None, ..stay }];
    check(&scene, "in_theme = \"t\"", true, "in w (theme t) since 25 Oct 2026");
}
