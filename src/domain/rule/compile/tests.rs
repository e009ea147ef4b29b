use super::*;
#[test]
fn show() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rules-example");
    let mut files = vec![];
    for e in std::fs::read_dir(dir).unwrap() {
        let e = e.unwrap();
        files.push(RuleFile {
            name: e.file_name().into_string().unwrap(),
            text: std::fs::read_to_string(e.path()).unwrap(),
        });
    }
    let c = compile(&files);
    for d in &c.diagnostics {
        println!(
            "{}:{}:{} {} {:?} {} | {:?}",
            d.file, d.line, d.column, d.code, d.severity, d.message, d.hint
        );
    }
    let set = c.rules.unwrap();
    for r in &set.rules {
        println!("{} {:?} {:?}", r.id, r.priority, r.unbuilt);
        for c in r.conditions() {
            println!("   {}", c.text);
        }
    }
    println!("{:?} {} {:?}", set.fingerprint, set.read_properties.len(), set.unknown_sequences);
}
