use super::*;

/// One line for each item: what it was read as.
#[track_caller]
fn check(body: &str, expected: &[&str]) {
    let read: Vec<String> = read(body.as_bytes())
        .into_iter()
        .map(|item| match item {
            Ok(event) => format!(
                "{} {} {} {:?}",
                event.portal,
                event.contact,
                event.occurred_at.unix_ms(),
                event.kind
            ),
            Err(why) => format!("unreadable: {why}"),
        })
        .collect();
    assert_eq!(read.len(), expected.len(), "{read:#?}");
    for (read, expected) in read.iter().zip(expected) {
        assert!(read.starts_with(expected), "{read}\nexpected {expected}");
    }
}

#[test]
fn the_legacy_form_reads_with_either_name_of_its_type() {
    check(
        r#"[{"objectId":1246965,"propertyName":"lifecyclestage","propertyValue":"subscriber","changeSource":"ACADEMY","eventId":3816279340,"subscriptionId":25,"portalId":33,"appId":1160452,"occurredAt":1462216307945,"eventType":"contact.propertyChange","attemptNumber":0},
            {"objectId":1246978,"changeSource":"IMPORT","eventId":3816279480,"subscriptionId":22,"portalId":33,"appId":1160452,"occurredAt":1462216307945,"subscriptionType":"contact.creation","attemptNumber":0}]"#,
        &[
            r#"33 1246965 1462216307945 Property { name: PropertyName("lifecyclestage"), value: "subscriber" }"#,
            "33 1246978 1462216307945 Created",
        ],
    );
}

#[test]
fn the_generic_form_reads_for_contacts_and_is_other_for_the_rest() {
    check(
        r#"[{"portalId":1,"occurredAt":2,"subscriptionType":"object.propertyChange","objectId":546500061938,"objectTypeId":"0-1","propertyName":"email","propertyValue":"sample@example.com","isSensitive":false},
            {"portalId":1,"occurredAt":2,"subscriptionType":"object.propertyChange","objectId":5,"objectTypeId":"2-143967026","propertyName":"x","propertyValue":"y"},
            {"portalId":1,"occurredAt":2,"subscriptionType":"deal.deletion","objectId":5},
            {"portalId":1,"occurredAt":2,"subscriptionType":"contact.associationChange","fromObjectId":5}]"#,
        &["1 546500061938 2 Property", "1 5 2 Other", "1 5 2 Other", "1 0 2 Other"],
    );
}

#[test]
fn numbers_may_be_strings_and_values_may_be_anything() {
    check(
        r#"[{"eventId":"100","portalId":"7","occurredAt":"9","attemptNumber":"0","objectId":123,"subscriptionType":"contact.propertyChange","propertyName":"a","propertyValue":null,"extra":{"x":[1]}},
            {"portalId":7,"occurredAt":9,"objectId":"123","subscriptionType":"contact.propertyChange","propertyName":"a","propertyValue":80},
            {"portalId":7,"occurredAt":9,"objectId":123,"subscriptionType":"contact.propertyChange","propertyName":"a","propertyValue":true}]"#,
        &[
            r#"7 123 9 Property { name: PropertyName("a"), value: "" }"#,
            r#"7 123 9 Property { name: PropertyName("a"), value: "80" }"#,
            r#"7 123 9 Property { name: PropertyName("a"), value: "true" }"#,
        ],
    );
}

#[test]
fn a_merge_names_every_old_id() {
    check(
        r#"[{"portalId":1,"occurredAt":2,"subscriptionType":"contact.merge","objectId":10,"primaryObjectId":10,"mergedObjectIds":[11,"12"],"newObjectId":13}]"#,
        &[
            "1 13 2 Merged { into: ContactId(13), from: [ContactId(11), ContactId(12), ContactId(10)] }",
        ],
    );
}

#[test]
fn what_cannot_be_read_is_kept_with_its_reason_and_the_rest_goes_on() {
    check("", &["unreadable: the body is not a JSON array"]);
    check("{}", &["unreadable: the body is not a JSON array"]);
    check("[]", &["unreadable: the body is an empty array"]);
    check("\u{feff}[]", &["unreadable: the body is not a JSON array"]);
    let good =
        r#"{"portalId":1,"occurredAt":2,"subscriptionType":"contact.creation","objectId":3}"#;
    check(
        &format!(
            r#"[7,{good},{{"portalId":1}},{{"portalId":1,"occurredAt":-5,"objectId":3,"subscriptionType":"contact.creation"}},{{"portalId":1,"occurredAt":2,"objectId":3}},{{"portalId":1,"occurredAt":2,"objectId":3,"subscriptionType":"contact.propertyChange"}}]"#
        ),
        &[
            "unreadable: ",
            "1 3 2 Created",
            "unreadable: occurredAt is missing",
            "unreadable: occurredAt is missing or not a number",
            "unreadable: subscriptionType is missing",
            "unreadable: propertyName is missing",
        ],
    );
    assert!(read(&[0xff, 0xfe, b'[']).iter().all(Result::is_err));
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
    check(&deep, &["unreadable: "]);
}

#[test]
fn what_reconcile_found_reads_as_the_change_it_was() {
    let who = (PortalId(33), ContactId(7));
    let at = Timestamp::from_unix_ms(1_462_216_307_945);
    let stage = PropertyName::from("stage");
    let change = reconciled(who, Some((&stage, "hot")), at, Some("IMPORT"));
    let creation = reconciled(who, None, at, None);
    let body = Value::from(vec![change.clone(), creation]).to_string();
    check(
        &body,
        &[
            r#"33 7 1462216307945 Property { name: PropertyName("stage"), value: "hot" }"#,
            "33 7 1462216307945 Created",
        ],
    );
    let event = read_item(&change.to_string()).expect("readable");
    assert_eq!(event.source.as_deref(), Some("IMPORT"));
    assert!(is_reconciled(&event));
    let delivered = Event { subscription_type: "contact.propertyChange".to_owned(), ..event };
    assert!(!is_reconciled(&delivered));
}
