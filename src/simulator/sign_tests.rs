//! The published vectors of HUBSPOT.md 2.5 and its decoding table.

use super::{Signed, decode_uri};

const S1: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
const DOCS_SECRET: &str = "cfc68c0b-4b4e-4ef8-b764-95350e4ea479";
const OWN: &str = "hubroute-test-secret-0001";
const EXAMPLE: &str = "https://www.example.com/webhook_uri";
const ROUTER: &str = "https://router.example.com/hubspot/webhook";
const WEBHOOK_SITE: &str = "https://webhook.site/335453f5-94b3-49d9-b684-a55354d4b8df";
const ESCAPED: &str = "https://router.example.com/hubspot/webhook?t=a%3Ab%2Fc&q=%20x%26y&u=%40me";
const B1: &str = r#"[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]"#;
const B2: &str = "{'example_field':'example_value'}";
const BODY_C: &str = r#"[{"eventId":531833541,"subscriptionId":3923621,"portalId":48807704,"appId":16111050,"occurredAt":1752613920733,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":138017612137,"changeFlag":"CREATED","changeSource":"CRM_UI","sourceId":"userId:76023669"}]"#;
const BODY_A: &str = r#"[{"eventId":3816279340,"subscriptionId":25,"portalId":33,"appId":1160452,"occurredAt":1462216307945,"subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":1246965,"propertyName":"lifecyclestage","propertyValue":"marketingqualifiedlead","changeSource":"CRM_UI","sourceId":"userId:76023669"}]"#;
const BODY_B: &str = r#"[{"eventId":1,"subscriptionId":2,"portalId":3,"appId":4,"occurredAt":1700000000000,"subscriptionType":"contact.propertyChange","attemptNumber":1,"objectId":5,"propertyName":"firstname","propertyValue":"Zoë 🚀 \u00e9","changeSource":"API"}]"#;

fn post<'a>(secret: &'a str, url: &'a str, body: &'a str) -> Signed<'a> {
    Signed { secret, method: "POST", url, body: body.as_bytes() }
}

#[track_caller]
fn check(version: &str, signed: Signed<'_>, timestamp: &str, expected: &str) {
    let made = match version {
        "v1" => signed.v1(),
        "v2" => signed.v2(),
        _ => signed.v3(timestamp),
    };
    assert_eq!(made, expected, "{version} of {} with {timestamp}", signed.url);
}

#[test]
#[rustfmt::skip]
fn the_published_vectors_agree() {
    let get = Signed { method: "GET", ..post(S1, EXAMPLE, "") };
    check("v1", post(S1, EXAMPLE, B1), "", "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de");
    check("v2", get, "", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e");
    check("v2", post(S1, EXAMPLE, r#"{"example_field":"example_value"}"#), "", "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900");
    check("v1", post(S1, EXAMPLE, B2), "", "69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750");
    check("v2", post(S1, EXAMPLE, B2), "", "4fe4e3a7d3cf09db53be39d0a58130e2aaba074ec123a9e355b876a689a1c383");
    check("v3", post(S1, EXAMPLE, B2), "1693657560000", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=");
    check("v3", post(S1, EXAMPLE, B2), "1700000300000", "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=");
    check("v3", post(DOCS_SECRET, WEBHOOK_SITE, BODY_C), "1752613922216", "gbj1XPRvUt0noT7i7fXfTzOD4sLzQmf0VT28ZYq0EYg=");
}

#[test]
#[rustfmt::skip]
fn the_own_vectors_agree() {
    check("v1", post(OWN, ROUTER, BODY_A), "", "0b353391c827a552d92a00adf365bbfe595c7804f62880322b860d2db5223cc0");
    check("v2", post(OWN, ROUTER, BODY_A), "", "6e1659975b7575bf57d4723ea1026af3fff5940d9b7b4556ff9c63dc4290a883");
    check("v3", post(OWN, ROUTER, BODY_A), "1700000300000", "F8PnycoTtN7QOdfvUIdIBVTnkBA9mS+bbNY2Ks+cgyc=");
    check("v3", post(OWN, ROUTER, BODY_B), "1700000300000", "9fF8/cjIWG3J8kcG844Di7C36i8dB7DESD6R+eirQlM=");
    check("v3", post(OWN, ESCAPED, BODY_A), "1700000300000", "8ShetCEWULHnI8uTCFz6d4FgQRaLTopeBjldhq2ZsPA=");
}

#[test]
fn the_table_is_decoded_once_and_nothing_else_is() {
    let table = "%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B";
    assert_eq!(decode_uri(table), ":/?@!$'()*,;");
    assert_eq!(decode_uri(&table.to_lowercase()), ":/?@!$'()*,;");
    let untouched = "%20%26%3D%2B%23%25%5B%5D%";
    assert_eq!(decode_uri(untouched), untouched);
    assert_eq!(decode_uri("%253A%é"), "%253A%é");
}
