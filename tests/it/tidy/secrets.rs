//! Secrets in the source (T5, T11): they are one type, which cannot be printed by mistake; what
//! reveals one is counted; and nothing compares one in a time that tells how far it is right.

use std::fs;

use super::source::{code_of, words};
use super::sources;

/// Where a secret's text is taken out, each with the reason.
const REVEAL: &[&str] = &[
    // The type itself.
    "src/domain/secret.rs",
    // Signatures are made with it.
    "src/domain/signature/key.rs",
    // The admin token is compared through a keyed hash.
    "src/admin/access.rs",
    // Headers and the form that buys tokens.
    "src/hubspot/access.rs",
    // What a bought token may do is asked with the client secret.
    "src/hubspot/inspect/token.rs",
    // The proxy's URL may hold a password.
    "src/hubspot/client.rs",
    // The token of whoever asks the running router.
    "src/cli/remote.rs",
    // The client id is read like a secret and is none.
    "src/config/secrets.rs",
];

/// Words that a field of plain text may not have in its name.
const SECRET_WORDS: [&str; 5] = ["secret", "token", "password", "credential", "bearer"];

/// Files that hold what a stranger's signature or token is compared with.
const COMPARING: [&str; 3] =
    ["src/domain/signature/mod.rs", "src/domain/signature/key.rs", "src/admin/access.rs"];

#[test]
fn secrets_are_revealed_only_where_they_are_used() {
    for path in sources() {
        let name = path.to_string_lossy().into_owned();
        let code = code_of(&fs::read_to_string(&path).expect("sources are readable"));
        let tests = code.find("mod tests {").unwrap_or(code.len());
        let reveals = words(&code[..tests], "reveal").count();
        let allowed = REVEAL.contains(&name.as_str()) || is_test(&name);
        assert!(reveals == 0 || allowed, "{name} reveals a secret");
    }
}

#[test]
fn no_field_holds_a_secret_as_plain_text() {
    let mut errors = Vec::new();
    for path in sources().iter().filter(|path| !is_test(&path.to_string_lossy())) {
        let name = path.to_string_lossy().into_owned();
        let text = fs::read_to_string(path).expect("sources are readable");
        errors.extend(plain_secrets(&code_of(&text)).map(|field| format!("{name}: {field}")));
    }
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn a_plain_secret_is_found() {
    let check = |code: &str, found: usize| assert_eq!(plain_secrets(code).count(), found, "{code}");
    check("struct S { pub access_token: String, }", 0);
    check("struct S {\n    pub access_token: String,\n}", 1);
    check("struct S {\n    pub(super) client_secret: Option<String>,\n}", 1);
    check("enum E {\n    A {\n        password: Box<str>,\n    },\n}", 1);
    check("struct S {\n    access_token: Secret,\n    tokens: usize,\n}", 0);
    check("fn f(\n    token: &str,\n) {}", 0);
}

/// Declared fields, a line each, that are named like a secret and are a text of their own.
fn plain_secrets(code: &str) -> impl Iterator<Item = &str> {
    let owned = ["String", "Option<String>", "Box<str>", "Arc<str>", "Vec<u8>", "Rc<str>"];
    code.lines().map(str::trim).filter(move |line| {
        let Some((name, kind)) = line.trim_end_matches(',').split_once(": ") else { return false };
        let name = name.rsplit(' ').next().unwrap_or_default();
        owned.contains(&kind) && SECRET_WORDS.iter().any(|word| name.contains(word))
    })
}

#[test]
fn what_strangers_give_is_compared_in_the_same_time_however_right_it_is() {
    for name in COMPARING {
        let code = code_of(&fs::read_to_string(name).expect("the file is readable"));
        for line in code.lines().filter(|line| line.contains("==") || line.contains("!=")) {
            let about = ["tag", "digest", "hmac", "mac", "signature", "secret", "token", "given"];
            // What is compared in the open is a length, a version's name or how often it is there.
            let in_the_open = line.contains(".len()") || line.contains("version");
            let found = about.iter().find(|word| words(line, word).next().is_some());
            assert!(found.is_none() || in_the_open, "{name}: {}", line.trim());
        }
    }
    for name in ["src/domain/signature/key.rs", "src/admin/access.rs"] {
        let code = fs::read_to_string(name).expect("the file is readable");
        assert!(code.contains("verify_slice"), "{name} compares by the MAC's own comparison");
    }
}

/// Tests give secrets of their own.
fn is_test(name: &str) -> bool {
    name.starts_with("tests/") || name.contains("/tests") || name.contains("simulator/")
}
