//! What comes from others (T21, T22): every crate is locked to a registry and a checksum, what
//! deny.toml refuses is not there, and the container has no more than it needs.

use std::fs;
use std::process::Command;

use serde_json::Value;

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The value of `key = "…"` in a table of a lock file.
fn value<'t>(table: &'t str, key: &str) -> Option<&'t str> {
    let line = table.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
    line.and_then(|rest| rest.strip_suffix('"'))
}

/// Names in a lock file.
fn locked(lock: &str) -> Vec<&str> {
    lock.split("[[package]]").skip(1).filter_map(|table| value(table, "name")).collect()
}

#[test]
fn every_crate_is_locked_to_the_registry_and_a_checksum() {
    for (path, own) in
        [("Cargo.lock", &["hubroute"][..]), ("fuzz/Cargo.lock", &["hubroute", "hubroute-fuzz"])]
    {
        let lock = read(path);
        let tables: Vec<&str> = lock.split("[[package]]").skip(1).collect();
        assert!(100 < tables.len(), "{path}");
        for table in tables {
            let name = value(table, "name").expect("a name");
            if own.contains(&name) {
                continue;
            }
            let registry = "registry+https://github.com/rust-lang/crates.io-index";
            assert_eq!(value(table, "source"), Some(registry), "{path}: {name}");
            let checksum = value(table, "checksum").unwrap_or_default();
            assert_eq!(checksum.len(), 64, "{path}: {name} has no checksum");
        }
    }
}

#[test]
fn what_deny_toml_refuses_is_not_there_and_what_it_excuses_is() {
    let deny = read("deny.toml");
    let lock = read("Cargo.lock");
    let names = locked(&lock);
    let banned: Vec<&str> = deny
        .lines()
        .filter_map(|line| line.trim().strip_prefix("{ crate = \"")?.split('"').next())
        .collect();
    assert!(4 < banned.len(), "{banned:?}");
    for name in banned {
        assert!(!names.contains(&name), "{name} is in Cargo.lock");
    }
    // An excuse for what is not there any more would excuse the next one.
    let excused: Vec<&str> =
        deny.lines().filter(|line| line.trim().starts_with("{ id = \"RUSTSEC-")).collect();
    assert_eq!(excused.len(), 2, "{excused:?}");
    for line in excused {
        let reason = line.split("reason = \"").nth(1).expect("a reason");
        let name = reason.split(' ').next().expect("the crate's name comes first");
        assert!(names.contains(&name), "{line}");
        assert!(reason.contains("Review by 20"), "{line}");
    }
}

#[test]
fn every_crate_has_a_license_that_deny_toml_allows() {
    let deny = read("deny.toml");
    let list = deny.split("\nallow = [").nth(1).and_then(|it| it.split(']').next()).expect("allow");
    let allowed: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert!(5 < allowed.len(), "{allowed:?}");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--locked", "--offline"]);
    cargo.args(["--filter-platform", "x86_64-unknown-linux-gnu"]);
    let output = cargo.output().expect("cargo can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    let packages = told["packages"].as_array().expect("packages");
    assert!(100 < packages.len());
    for package in packages {
        let license = package["license"].as_str().unwrap_or("none");
        assert!(is_allowed(license, &allowed), "{}: {license}", package["name"]);
    }
}

/// Whether a license expression can be met: `AND` needs both sides, `OR` and the old `/` one.
fn is_allowed(license: &str, allowed: &[&str]) -> bool {
    let license = license.replace(['(', ')'], " ").replace('/', " OR ");
    // No expression in use groups an `OR` inside an `AND` in another way than its terms stand.
    license.split(" AND ").all(|all| all.split(" OR ").any(|one| allowed.contains(&one.trim())))
}

#[test]
fn a_license_is_allowed_by_one_of_its_alternatives_and_all_of_its_parts() {
    let check = |license: &str, expected: bool| {
        assert_eq!(is_allowed(license, &["MIT", "Unicode-3.0"]), expected, "{license}");
    };
    check("MIT OR GPL-3.0", true);
    check("GPL-3.0/MIT", true);
    check("(MIT OR Apache-2.0) AND Unicode-3.0", true);
    check("MIT AND GPL-3.0", false);
    check("GPL-3.0-or-later", false);
    check("none", false);
}

#[test]
fn no_map_is_keyed_by_an_unseeded_hash() {
    // Keys come from strangers: whoever knows the hash makes them collide (T19). The standard one
    // is seeded anew in each process, and a BTreeMap has none.
    for path in super::sources().iter().filter(|path| path.starts_with("src")) {
        let code = super::code_of(&fs::read_to_string(path).expect("sources are readable"));
        for word in ["FxHashMap", "FxHasher", "AHashMap", "with_hasher", "BuildHasherDefault"] {
            assert!(super::words(&code, word).next().is_none(), "{}: {word}", path.display());
        }
    }
}

#[test]
fn the_container_runs_as_nobody_and_writes_nowhere_but_its_volume() {
    let image = read("Dockerfile");
    let last = image.split("\nFROM ").last().expect("a stage");
    for part in ["\nUSER 10001:10001\n", "\nVOLUME /data\n", "--mode=0700 /data"] {
        assert!(last.contains(part), "Dockerfile: {part:?}");
    }
    assert!(image.contains("cargo build --release --locked"), "the versions that were tested");
    let compose = read("compose.yaml");
    for part in
        ["read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "127.0.0.1:8081:8081"]
    {
        assert!(compose.contains(part), "compose.yaml: {part:?}");
    }
    let secrets = compose.lines().filter(|line| line.contains("SECRET") || line.contains("TOKEN"));
    assert!(secrets.clone().count() != 0 && secrets.clone().all(|line| line.contains("_FILE:")));
}
