use serde::Deserialize;

use super::*;
use crate::domain::secret::Secret;

const S1: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
const EXAMPLE: &str = "https://www.example.com/webhook_uri";
const ROUTER: &str = "https://router.example.com/hubspot/webhook";
const OWN: &str = "hubroute-test-secret-0001";
const B1: &str = r#"[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]"#;
const B2: &str = "{'example_field':'example_value'}";
const DOCS: &str = r#"[{"eventId":531833541,"subscriptionId":3923621,"portalId":48807704,"appId":16111050,"occurredAt":1752613920733,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":138017612137,"changeFlag":"CREATED","changeSource":"CRM_UI","sourceId":"userId:76023669"}]"#;
const BODY_A: &str = r#"[{"eventId":3816279340,"subscriptionId":25,"portalId":33,"appId":1160452,"occurredAt":1462216307945,"subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":1246965,"propertyName":"lifecyclestage","propertyValue":"marketingqualifiedlead","changeSource":"CRM_UI","sourceId":"userId:76023669"}]"#;
const BODY_B: &str = r#"[{"eventId":1,"subscriptionId":2,"portalId":3,"appId":4,"occurredAt":1700000000000,"subscriptionType":"contact.propertyChange","attemptNumber":1,"objectId":5,"propertyName":"firstname","propertyValue":"Zoë 🚀 \u00e9","changeSource":"API"}]"#;

/// A signed request as data.
#[derive(Clone, Debug, Deserialize)]
struct Vector {
    version: String,
    secret: String,
    method: String,
    url: String,
    timestamp: String,
    body: String,
    signature: String,
}

impl Vector {
    fn new(version: &str, secret: &str, call: (&str, &str), rest: (&str, &str, &str)) -> Self {
        Self {
            version: version.to_owned(),
            secret: secret.to_owned(),
            method: call.0.to_owned(),
            url: call.1.to_owned(),
            timestamp: rest.1.to_owned(),
            body: rest.0.to_owned(),
            signature: rest.2.to_owned(),
        }
    }

    fn v3(secret: &str, url: &str, body: &str, timestamp: &str, signature: &str) -> Self {
        Self::new("v3", secret, ("POST", url), (body, timestamp, signature))
    }

    fn verify(&self) -> Result<(), Rejection> {
        let now = Timestamp::from_unix_ms(self.timestamp.parse().unwrap_or(0));
        self.verify_at(now, Accept { v1: true, v2: true, v3: true })
    }

    fn verify_at(&self, now: Timestamp, accept: Accept) -> Result<(), Rejection> {
        let (base, query) = match self.url.split_once('?') {
            Some((base, query)) => (base, Some(query)),
            None => (self.url.as_str(), None),
        };
        let verifier = Verifier {
            keys: Keys::new(Secret::new(&self.secret).ok_or(Rejection::Unsigned)?, None),
            public_url: PublicUrl::parse(base).map_err(|_| Rejection::Mismatch)?,
            accept,
        };
        let v3 = self.version == "v3";
        let header = |there: bool, text: &'static str| {
            if there { Header::Once(text.as_bytes()) } else { Header::Absent }
        };
        let request = SignedRequest {
            method: &self.method,
            query,
            body: b"",
            signature_v3: if v3 { Header::Once(self.signature.as_bytes()) } else { Header::Absent },
            timestamp: if v3 { Header::Once(self.timestamp.as_bytes()) } else { Header::Absent },
            signature: if v3 { Header::Absent } else { Header::Once(self.signature.as_bytes()) },
            version: match self.version.as_str() {
                "v1" => header(true, "v1"),
                "v2" => header(true, "v2"),
                _ => Header::Absent,
            },
        };
        verifier.verify(&request, self.body.as_bytes(), now).map(|_| ())
    }
}

#[track_caller]
fn check(vector: &Vector, expected: Result<(), Rejection>) {
    assert_eq!(vector.verify(), expected, "{vector:?}");
}

/// The eight vectors that HubSpot and its clients publish (HUBSPOT.md 2.5).
fn published() -> Vec<Vector> {
    let none = "0";
    vec![
        Vector::new(
            "v1",
            S1,
            ("POST", EXAMPLE),
            (B1, none, "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"),
        ),
        Vector::new(
            "v2",
            S1,
            ("GET", EXAMPLE),
            ("", none, "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"),
        ),
        Vector::new(
            "v2",
            S1,
            ("POST", EXAMPLE),
            (
                r#"{"example_field":"example_value"}"#,
                none,
                "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900",
            ),
        ),
        Vector::new(
            "v1",
            S1,
            ("POST", EXAMPLE),
            (B2, none, "69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750"),
        ),
        Vector::new(
            "v2",
            S1,
            ("POST", EXAMPLE),
            (B2, none, "4fe4e3a7d3cf09db53be39d0a58130e2aaba074ec123a9e355b876a689a1c383"),
        ),
        Vector::v3(
            S1,
            EXAMPLE,
            B2,
            "1693657560000",
            "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=",
        ),
        Vector::v3(
            S1,
            EXAMPLE,
            B2,
            "1700000300000",
            "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=",
        ),
        Vector::v3(
            "cfc68c0b-4b4e-4ef8-b764-95350e4ea479",
            "https://webhook.site/335453f5-94b3-49d9-b684-a55354d4b8df",
            DOCS,
            "1752613922216",
            "gbj1XPRvUt0noT7i7fXfTzOD4sLzQmf0VT28ZYq0EYg=",
        ),
    ]
}

/// A thousand made with HubSpot's own Python client (tests/vectors/generate.py).
fn generated() -> Vec<Vector> {
    include_str!("../../../tests/vectors/signatures.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("the vectors are JSON lines"))
        .collect()
}

#[test]
fn the_published_vectors_are_accepted() {
    let published = published();
    assert_eq!(published.len(), 8);
    for vector in &published {
        check(vector, Ok(()));
    }
}

#[test]
fn a_thousand_vectors_of_hubspots_own_client_are_accepted() {
    let generated = generated();
    assert_eq!(generated.len(), 1000);
    for vector in &generated {
        check(vector, Ok(()));
    }
}

#[test]
fn our_own_vectors_are_accepted_decoded_or_as_they_stand() {
    let at = "1700000300000";
    check(
        &Vector::new(
            "v1",
            OWN,
            ("POST", ROUTER),
            (BODY_A, at, "0b353391c827a552d92a00adf365bbfe595c7804f62880322b860d2db5223cc0"),
        ),
        Ok(()),
    );
    check(
        &Vector::new(
            "v2",
            OWN,
            ("POST", ROUTER),
            (BODY_A, at, "6e1659975b7575bf57d4723ea1026af3fff5940d9b7b4556ff9c63dc4290a883"),
        ),
        Ok(()),
    );
    check(
        &Vector::v3(OWN, ROUTER, BODY_A, at, "F8PnycoTtN7QOdfvUIdIBVTnkBA9mS+bbNY2Ks+cgyc="),
        Ok(()),
    );
    check(
        &Vector::v3(OWN, ROUTER, BODY_B, at, "9fF8/cjIWG3J8kcG844Di7C36i8dB7DESD6R+eirQlM="),
        Ok(()),
    );
    let escaped = format!("{ROUTER}?t=a%3Ab%2Fc&q=%20x%26y&u=%40me");
    check(
        &Vector::v3(OWN, &escaped, BODY_A, at, "8ShetCEWULHnI8uTCFz6d4FgQRaLTopeBjldhq2ZsPA="),
        Ok(()),
    );
    check(
        &Vector::v3(OWN, &escaped, BODY_A, at, "/r3vwvJHJTgkyB/u59JnZ25RtrV1iX1Q4jmjBXtXmLg="),
        Ok(()),
    );
}

/// The text with one bit of one of its characters changed; the lowest bit keeps ASCII valid.
fn flip(text: &str, nth: usize) -> String {
    let ascii: Vec<usize> =
        text.bytes().enumerate().filter(|(_, b)| b.is_ascii()).map(|(i, _)| i).collect();
    if ascii.is_empty() {
        return format!("{text}x");
    }
    let mut bytes = text.as_bytes().to_vec();
    bytes[ascii[nth % ascii.len()]] ^= 1;
    String::from_utf8(bytes).expect("the lowest bit of ASCII stays ASCII")
}

#[test]
fn one_changed_bit_anywhere_is_refused() {
    let mut accepted = Vec::new();
    for (number, vector) in generated().into_iter().chain(published()).enumerate() {
        let mut changed = Vec::new();
        changed.push(Vector { body: flip(&vector.body, number), ..vector.clone() });
        changed.push(Vector { secret: flip(&vector.secret, number), ..vector.clone() });
        changed.push(Vector { signature: flip(&vector.signature, number), ..vector.clone() });
        if vector.version != "v1" {
            changed.push(Vector { url: flip(&vector.url, number), ..vector.clone() });
            changed.push(Vector { method: flip(&vector.method, number), ..vector.clone() });
        }
        if vector.version == "v3" {
            // The last digits only, so that the age stays inside the window.
            let (head, tail) = vector.timestamp.split_at(9);
            let timestamp = format!("{head}{}", flip(tail, number));
            let now = Timestamp::from_unix_ms(vector.timestamp.parse().expect("digits"));
            let late = Vector { timestamp, ..vector.clone() };
            accepted.extend(late.verify_at(now, Accept::default()).ok());
        }
        accepted.extend(changed.iter().filter_map(|vector| vector.verify().ok()));
    }
    assert_eq!(accepted.len(), 0);
}

#[test]
fn the_window_has_two_sharp_ends() {
    let vector = &published()[7];
    let signed_at: u64 = vector.timestamp.parse().expect("digits");
    let at = |now: u64| vector.verify_at(Timestamp::from_unix_ms(now), Accept::default());
    assert_eq!(at(signed_at + AGE_MS_MAX), Ok(()));
    assert_eq!(at(signed_at + AGE_MS_MAX + 1), Err(Rejection::TooOld));
    assert_eq!(at(signed_at - LEAD_MS_MAX), Ok(()));
    assert_eq!(at(signed_at - LEAD_MS_MAX - 1), Err(Rejection::TooNew));
}

#[test]
fn digits_cannot_move_between_body_and_timestamp() {
    // v3 has no separators: body + "1752613922216" is the same text as body + "1" + "752613922216".
    let vector = published().remove(7);
    for digits in 1..TIMESTAMP_DIGITS {
        let (moved, kept) = vector.timestamp.split_at(digits);
        let shifted = Vector {
            body: format!("{}{moved}", vector.body),
            timestamp: kept.to_owned(),
            ..vector.clone()
        };
        let now = Timestamp::from_unix_ms(vector.timestamp.parse().expect("digits"));
        assert_eq!(shifted.verify_at(now, Accept::default()), Err(Rejection::BadTimestamp));
    }
}

fn request<'a>(vector: &'a Vector, signature: &'a str) -> (Verifier, SignedRequest<'a>) {
    let verifier = Verifier {
        keys: Keys::new(Secret::new(&vector.secret).expect("a secret"), None),
        public_url: PublicUrl::parse(&vector.url).expect("a url"),
        accept: Accept::default(),
    };
    let request = SignedRequest {
        method: "POST",
        query: None,
        body: vector.body.as_bytes(),
        signature_v3: Header::Once(signature.as_bytes()),
        timestamp: Header::Once(vector.timestamp.as_bytes()),
        signature: Header::Absent,
        version: Header::Absent,
    };
    (verifier, request)
}

#[test]
fn headers_stand_there_once_and_encodings_are_canonical() {
    let vector = published().remove(7);
    let now = Timestamp::from_unix_ms(vector.timestamp.parse().expect("digits"));
    let (verifier, good) = request(&vector, &vector.signature);
    let check = |request: &SignedRequest<'_>, expected| {
        assert_eq!(verifier.verify(request, vector.body.as_bytes(), now).map(|_| ()), expected);
    };
    check(&good, Ok(()));
    check(
        &SignedRequest { signature_v3: Header::Repeated, ..good },
        Err(Rejection::RepeatedHeader),
    );
    check(&SignedRequest { timestamp: Header::Repeated, ..good }, Err(Rejection::RepeatedHeader));
    check(&SignedRequest { timestamp: Header::Absent, ..good }, Err(Rejection::BadTimestamp));
    check(&SignedRequest { signature_v3: Header::Absent, ..good }, Err(Rejection::Unsigned));
    for encoded in [
        vector.signature.trim_end_matches('=').to_owned(),
        vector.signature.replace("Yg=", "Yh="), // the same bytes with stray last bits
        format!("{} ", vector.signature),
        format!("sha256={}", vector.signature),
        String::new(),
    ] {
        let (_, request) = request(&vector, &encoded);
        check(&request, Err(Rejection::BadEncoding));
    }
}

#[test]
fn older_versions_count_only_when_named_and_never_beside_v3() {
    let v1 = &published()[0];
    let now = Timestamp::from_unix_ms(0);
    let v1_only = Accept { v1: true, v2: false, v3: true };
    assert_eq!(v1.verify_at(now, v1_only), Ok(()));
    assert_eq!(v1.verify_at(now, Accept::default()), Err(Rejection::Unsigned));
    let v2 = &published()[2];
    assert_eq!(v2.verify_at(now, v1_only), Err(Rejection::Unsigned));
    // A wrong v3 is not rescued by a right v1 on the same request.
    let vector = published().remove(7);
    let wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let (mut verifier, mut request) = request(&vector, wrong);
    verifier.accept = v1_only;
    let v1_signature = hex(&sha2_of(&[vector.secret.as_bytes(), vector.body.as_bytes()]));
    request.signature = Header::Once(v1_signature.as_bytes());
    request.version = Header::Once(b"v1");
    let now = Timestamp::from_unix_ms(vector.timestamp.parse().expect("digits"));
    let answer = verifier.verify(&request, vector.body.as_bytes(), now).map(|_| ());
    assert_eq!(answer, Err(Rejection::Mismatch));
    let diagnosis = diagnose(&verifier, &request, &[], "/");
    assert_eq!(diagnosis, Diagnosis::SecretIsRight);
}

#[test]
fn the_previous_secret_counts_while_rotating() {
    let vector = published().remove(7);
    let now = Timestamp::from_unix_ms(vector.timestamp.parse().expect("digits"));
    let (mut verifier, request) = request(&vector, &vector.signature);
    let old = Secret::new(&vector.secret);
    verifier.keys = Keys::new(Secret::new("the-new-one").expect("a secret"), old);
    assert!(verifier.verify(&request, vector.body.as_bytes(), now).is_ok());
    verifier.keys = Keys::new(Secret::new("the-new-one").expect("a secret"), None);
    assert!(verifier.verify(&request, vector.body.as_bytes(), now).is_err());
}

#[test]
fn a_wrong_public_url_is_named() {
    let vector = published().remove(7);
    let (mut verifier, request) = request(&vector, &vector.signature);
    let path = "/335453f5-94b3-49d9-b684-a55354d4b8df";
    verifier.public_url = PublicUrl::parse(&format!("http://webhook.site{path}/")).expect("a url");
    assert_eq!(
        diagnose(&verifier, &request, &[], path),
        Diagnosis::PublicUrl(format!("https://webhook.site{path}"))
    );
    verifier.public_url = PublicUrl::parse("https://other.example/h").expect("a url");
    assert_eq!(
        diagnose(&verifier, &request, &["webhook.site"], path),
        Diagnosis::PublicUrl(format!("https://webhook.site{path}"))
    );
    assert_eq!(diagnose(&verifier, &request, &[], path), Diagnosis::Unknown);
}

fn sha2_of(parts: &[&[u8]]) -> Vec<u8> {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
