use std::collections::BTreeMap;

use super::*;
use crate::hubspot::{Access, Refresh};

impl Environment for BTreeMap<&str, &str> {
    fn var(&self, name: &str) -> Option<String> {
        self.get(name).map(|text| (*text).to_owned())
    }
}

const URL: &str = "[server]\npublic_url = \"https://hooks.example.com/webhooks/hubspot\"\n";

fn read(text: &str, environment: &BTreeMap<&str, &str>) -> Result<Config, Problems> {
    Config::read(text, Path::new("/etc/hubroute"), environment)
}

/// The parts stand each in one problem, and there are no more problems than parts.
#[track_caller]
fn check(text: &str, parts: &[&str]) {
    let Problems(problems) = read(text, &BTreeMap::new()).expect_err("refused");
    assert_eq!(problems.len(), parts.len(), "{problems:#?}");
    for part in parts {
        assert!(problems.iter().any(|problem| problem.contains(part)), "{part}\n{problems:#?}");
    }
}

#[test]
fn every_key_but_the_public_url_has_a_default() {
    let config = read(URL, &BTreeMap::new()).expect("enough");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.body_bytes_max, 8 << 20);
    assert_eq!(config.store, Path::new("/etc/hubroute/data"));
    assert_eq!(config.hubspot.verify_for, Duration::from_mins(15));
    assert_eq!(config.accept, Accept::default());
    check("", &["[server] public_url is missing"]);
}

#[test]
fn the_stores_folder_is_found_without_the_rest_and_never_guessed() {
    let folder = |text: &str| store_folder(text, Path::new("/etc/hubroute"), &BTreeMap::new());
    let found = |text: &str| folder(text).expect("enough").display().to_string();
    assert_eq!(found(""), "/etc/hubroute/data");
    assert_eq!(
        found("[store]\nurl = \"here\"\n[hubspot]\nprofile = \"v5\"\n"),
        "/etc/hubroute/here"
    );
    for (text, part) in [
        ("[store]\nurl = \"redis://x\"\n", "[store] url = \"redis://x\": name a folder"),
        ("[store]\nuri = \"here\"\n", "[store] uri is not known. Did you mean url?"),
        ("[store\nurl = \"here\"\n", "hubroute.toml:1:"),
    ] {
        let problems = folder(text).expect_err("refused").to_string();
        assert!(problems.contains(part), "{part}\n{problems}");
    }
}

#[test]
fn a_log_level_that_is_none_is_a_problem() {
    let read = |level: &str| read(&format!("{URL}[log]\nlevel = \"{level}\"\n"), &BTreeMap::new());
    assert!(read("warn,hubroute=debug").is_ok());
    let problems = read("loud").expect_err("refused").to_string();
    assert!(problems.contains("[log] level = \"loud\": write a level"), "{problems}");
}

#[test]
fn the_environment_wins_and_is_named_in_problems() {
    let mut environment = BTreeMap::from([("HUBROUTE_SERVER_LISTEN", "0.0.0.0:9")]);
    assert_eq!(read(URL, &environment).expect("valid").server.listen.port(), 9);
    environment.insert("HUBROUTE_HUBSPOT_DAILY_SHARE", "many");
    let problems = read(URL, &environment).expect_err("refused").to_string();
    assert!(problems.contains("HUBROUTE_HUBSPOT_DAILY_SHARE: [hubspot] daily_share"), "{problems}");
}

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    check(
        "[server]\nlisten = \"here\"\nbody_limit = \"much\"\npublic_url = \"ftp://x\"\nlisten_on = 1\n\
         [sever]\n[hubspot]\nbase_url = \"http://api.hubapi.com\"\nprofile = \"v5\"\naccess_token = \"x\"\n\
         [signature]\naccept = [\"v3\", \"v4\"]\n[store]\nurl = \"postgres://x\"\n",
        &[
            "hubroute.toml:2: [server] listen = \"here\": write an address and a port",
            "hubroute.toml:3: [server] body_limit",
            "hubroute.toml:4: [server] public_url = \"ftp://x\": it must begin with https://",
            "hubroute.toml:5: [server] listen_on is not known. Did you mean listen?",
            "hubroute.toml:6: [sever] is not known. Did you mean server?",
            "plain http is for loopback only",
            "[hubspot] profile = \"v5\"",
            "[hubspot] access_token is not known. Secrets come from the environment: set HUBROUTE_ACCESS_TOKEN",
            "\"v4\" is not known",
            "not built yet",
        ],
    );
}

#[test]
fn a_missing_secret_is_named_and_a_file_may_hold_one() {
    let problems = Secrets::read(&BTreeMap::new()).expect_err("refused").to_string();
    assert!(problems.contains("HUBROUTE_CLIENT_SECRET is missing"), "{problems}");
    assert!(problems.contains("HUBROUTE_ACCESS_TOKEN is missing"), "{problems}");
    assert!(problems.contains("HUBROUTE_REFRESH_TOKEN"), "{problems}");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret");
    std::fs::write(&path, "from-a-file\n").expect("written");
    let path = path.to_string_lossy().into_owned();
    let environment = BTreeMap::from([
        ("HUBROUTE_CLIENT_SECRET_FILE", path.as_str()),
        ("HUBROUTE_ACCESS_TOKEN", "token"),
    ]);
    let secrets = Secrets::read(&environment).expect("both");
    assert_eq!(secrets.client.reveal(), "from-a-file");
    let empty = BTreeMap::from([("HUBROUTE_CLIENT_SECRET", " "), ("HUBROUTE_ACCESS_TOKEN", "t")]);
    assert!(Secrets::read(&empty).expect_err("refused").to_string().contains("is empty"));
}

#[test]
fn oauth_needs_a_client_id_and_a_refresh_token_and_no_access_token() {
    let read = |more: &[(&'static str, &'static str)]| {
        let mut environment = BTreeMap::from([("HUBROUTE_CLIENT_SECRET", "s")]);
        environment.extend(more.iter().copied());
        Secrets::read(&environment).map_err(|problems| problems.to_string())
    };
    let id = ("HUBROUTE_CLIENT_ID", "id");
    let refresh = ("HUBROUTE_REFRESH_TOKEN", "r");
    let secrets = read(&[id, refresh]).expect("enough");
    assert!(
        matches!(secrets.access, Access::Refresh(Refresh { client_id, .. }) if client_id == "id")
    );
    for (given, problem) in [
        (vec![id], "HUBROUTE_REFRESH_TOKEN is missing"),
        (vec![refresh], "HUBROUTE_CLIENT_ID is missing"),
        (vec![id, refresh, ("HUBROUTE_ACCESS_TOKEN", "t")], "are both set"),
    ] {
        let told = read(&given).expect_err("refused");
        assert!(told.contains(problem), "{told}");
    }
}

#[test]
fn a_lost_answer_is_looked_for_longer_than_its_call_may_last() {
    let brief = |text: &str| {
        let text = format!("{URL}[hubspot]\n{text}");
        read(&text, &BTreeMap::new()).expect("valid").hubspot.verifies_too_briefly()
    };
    assert!(!brief(""));
    assert!(brief("verify_for = \"20 seconds\""));
    assert!(!brief("verify_for = \"21 seconds\""));
    assert!(!brief("verify_for = \"8 seconds\"\ntimeout = \"2 seconds\""));
}

#[test]
fn a_secrets_file_that_others_may_read_is_named_with_who_and_what_to_do() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    std::fs::write(&path, "a-secret").expect("written");
    let name = path.to_string_lossy().into_owned();
    let files = BTreeMap::from([("HUBROUTE_ADMIN_TOKEN_FILE", name.as_str())]);
    let mode = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
        Secrets::exposed(&files)
    };
    for good in [0o600, 0o400, 0o200] {
        assert_eq!(mode(good), Vec::<String>::new(), "{good:o}");
    }
    for (bad, part) in [
        (0o644, "has mode 0644: every user of this machine may read this secret; chmod 600"),
        (0o604, "every user of this machine may read this"),
        (0o640, "its group may read this"),
        (0o620, "its group may read or replace this"),
        (0o666, "every user of this machine may read or replace this"),
    ] {
        let told = mode(bad);
        let [told] = &told[..] else { panic!("{bad:o}: {told:?}") };
        assert!(told.contains(part) && told.contains(&name), "{told}");
        assert!(told.starts_with("HUBROUTE_ADMIN_TOKEN_FILE: ") && !told.contains("a-secret"));
    }
    let mut both = files.clone();
    both.insert("HUBROUTE_ADMIN_TOKEN", "the environment wins");
    assert!(Secrets::exposed(&both).is_empty(), "the file is not read");
}
