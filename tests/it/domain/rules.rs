//! That no rule which is built goes without a test that names it.

use std::fs;
use std::path::Path;

/// The rules held by tests so far; an issue that builds more of them adds their ids.
const COVERED: &str = "
    ST-1 ST-2 ST-5 ST-6 ST-7 ST-20 ST-21 ST-22 ST-23 ST-25
    CO-2 CO-10 CO-11 CO-12 CO-13 CO-14 CO-15 CO-16 CO-18 CO-19 CO-30 CO-31 CO-32 CO-33 CO-35 CO-40
    CM-3 CM-11 CM-12 CM-13 LI-10
    A-2 C-1 K-5 K-6 K-7 K-9 K-11 K-12 K-13 K-14
    R-1 R-2 R-3 R-4 R-5 R-10 R-11 R-13 R-14 R-21 R-23 R-30 R-31 R-33
    TC-1 TC-2 TC-3 TC-5 TC-8
    D-44 D-48 D-59 D-61 D-62 D-63 D-64 D-68 D-69
    D-41 D-43 Q-90 Q-91 Q-92 Q-93 Q-94 P-10
    Q-2 Q-3 Q-31 Q-41 Q-42 Q-44 Q-56 Q-100 Q-102
    A-1 A-2 A-3 A-4 A-5 A-6 A-7 A-8 A-9 A-10 A-11 A-12 A-13 A-14 A-15 K-14 P-15 Q-10 Q-12
    Q-4 Q-11 Q-13 Q-52 Q-53 Q-54 Q-55 Q-57 Q-58 Q-84 Q-85 Q-103 D-32 D-43 D-45 D-46 L-1 L-7 Q-50 Q-51 P-9 P-20
    P-1 P-2 P-3 P-4 P-5 P-6 P-7 P-8 P-11 P-12 P-14 P-19 P-21 P-22 P-30 P-31 P-32
";

#[test]
fn every_rule_of_this_issue_is_named() {
    let mut texts = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    collect(&root.join("tests"), &mut texts);
    let mut sources = Vec::new();
    collect(&root.join("src"), &mut sources);
    texts.extend(sources.iter().filter_map(|text| Some(text.split_once("#[cfg(test)]")?.1.to_owned())));
    let missing: Vec<_> =
        COVERED.split_whitespace().filter(|rule| !texts.iter().any(|text| names(text, rule))).collect();
    assert_eq!(missing, [""; 0], "no test names these rules");
}

#[test]
fn a_rule_is_named_by_its_whole_id() {
    let table = [
        ("// CO-11", true),
        ("fn co_11_waits()", true),
        ("fn d_1_co_11()", true),
        ("CO-110", false),
        ("XCO-11", false),
        ("co_1 1", false),
        ("(CO-11, CO-12)", true),
    ];
    for (text, expected) in table {
        assert_eq!(names(text, "CO-11"), expected, "{text}");
    }
}

/// The texts of every Rust file below `folder` but this one.
fn collect(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, texts);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("domain/rules.rs") {
            texts.push(fs::read_to_string(&path).expect("a text"));
        }
    }
}

/// Whether `text` holds `rule` as `CO-11` or as part of a name, `co_11`.
fn names(text: &str, rule: &str) -> bool {
    let text = text.to_ascii_lowercase().replace('-', "_");
    let rule = rule.to_ascii_lowercase().replace('-', "_");
    text.match_indices(&rule).any(|(place, _)| {
        let before = text[..place].chars().next_back();
        let after = text[place + rule.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(|next| next.is_ascii_digit())
    })
}
