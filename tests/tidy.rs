//! House rules that no compiler holds: which layer may know which, what a file may be, what a line may say. Each failure
//! tells its reason.

mod tidy {
    pub mod source;
}

use std::collections::BTreeSet;
use std::fs;

use tidy::source::{Source, named_modules, paths, root, rust, tracked};

fn hold(rule: &str, reason: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}, because {reason}:\n  {}", broken.join("\n  "));
}

fn is_under(path: &str, module: &str) -> bool {
    path == module || path.strip_prefix(module).is_some_and(|rest| rest.starts_with("::"))
}

/// A layer, and what it may name of this crate (architecture, section 2).
struct Layer {
    name: &'static str,
    may: &'static [&'static str],
    reason: &'static str,
}

const LAYERS: [Layer; 8] = [
    Layer { name: "limits", may: &["limits"], reason: "bounds follow from nothing" },
    Layer {
        name: "sabotage",
        may: &["sabotage"],
        reason: "a defect is a name; what it breaks stands where it is broken",
    },
    Layer { name: "time", may: &["time"], reason: "instants know nothing of what happens at them" },
    Layer { name: "id", may: &["id", "time", "limits"], reason: "ids know nothing of what they name" },
    Layer {
        name: "domain",
        may: &["domain", "time", "id", "limits", "sabotage"],
        reason: "what is decided must not depend on how it is stored, run or asked for",
    },
    Layer {
        name: "store",
        may: &["store", "domain", "time", "id", "limits", "sabotage"],
        reason: "rows know neither actors nor HTTP, so that another store is one more implementation",
    },
    Layer {
        name: "connector",
        may: &["connector", "domain", "time", "id", "limits"],
        reason: "the outside is reached without actors and rows, so that it can be tried alone",
    },
    Layer {
        name: "runtime",
        may: &["runtime", "domain", "store", "connector", "time", "id", "limits", "sabotage"],
        reason: "actors run the same under any front",
    },
];

#[test]
fn knowledge_points_one_way() {
    for layer in LAYERS {
        let mut broken = Vec::new();
        for source in rust(&["src"]).iter().filter(|source| is_under(&source.module(), layer.name)) {
            for (number, path) in named_modules(source) {
                if !layer.may.iter().any(|may| is_under(&path, may)) {
                    broken.push(format!("{}:{number} names crate::{path}", source.path));
                }
            }
        }
        let rule = format!("`{}` names only {}", layer.name, layer.may.join(", "));
        hold(&rule, layer.reason, &broken);
    }
}

#[test]
fn the_web_reaches_rows_and_actors_only_through_the_engine() {
    let mut broken = Vec::new();
    for source in rust(&["src"]).iter().filter(|source| is_under(&source.module(), "web")) {
        for (number, path) in named_modules(source) {
            if is_under(&path, "store::sled") || is_under(&path, "store::writer") {
                broken.push(format!("{}:{number} names crate::{path}", source.path));
            }
        }
    }
    hold(
        "`web` names neither store::sled nor store::writer",
        "whatever is written goes through the engine, and which store there is is chosen where the server starts",
        &broken,
    );
}

/// Whether a line of code names a crate: `sled::open`, `use ::sled`, `extern crate sled`; not `crate::store::sled`.
fn names_crate(line: &str, name: &str) -> bool {
    let begins = |word: &str| {
        let word = word.strip_prefix("::").unwrap_or(word);
        is_under(word, name) && word != name
    };
    let uses = |prefix: &str| {
        let rest = line.trim_start().strip_prefix(prefix).map(|rest| rest.trim_start_matches("::"));
        rest.is_some_and(|rest| paths(rest).next().is_some_and(|first| is_under(first, name)))
    };
    paths(line).any(begins) || uses("use ") || uses("pub use ") || uses("extern crate ")
}

/// Lines under `folder` that name a crate, where `may` does not allow it. Modules of our own of the same name do not count.
fn lines_that_name(name: &str, may: impl Fn(&str) -> bool) -> Vec<String> {
    let mut broken = Vec::new();
    for source in rust(&["src"]).iter().filter(|source| !may(&source.module())) {
        // `use crate::store::sled::{self}` or `use actix_web::web as actix` give a module of ours or another that name.
        let own = source.code().any(|(_, line)| {
            let imports = line.trim_start().starts_with("use ") && !names_crate(line, name);
            let as_self = line.contains(&format!("::{name}::{{self")) || line.contains(&format!(" as {name}"));
            imports && (as_self || line.contains(&format!("::{name};")))
        });
        for (number, line) in source.code() {
            if names_crate(line, name) && !own && !line.trim_start().starts_with("pub mod") {
                broken.push(format!("{}:{number} {}", source.path, line.trim()));
            }
        }
    }
    broken
}

#[test]
fn one_module_knows_each_engine_crate() {
    hold(
        "only src/store/sled.rs names the crate sled",
        "what sled does to be durable stands in one place, and another store must be one more file",
        &lines_that_name("sled", |module| is_under(module, "store::sled")),
    );
    hold(
        "only src/runtime/ names the crate actix",
        "its mailboxes lose and reorder messages in ways that only the shell may have to know",
        &lines_that_name("actix", |module| is_under(module, "runtime")),
    );
    for name in ["actix_web", "sled"] {
        hold(
            &format!("`runtime` does not name {name}"),
            "actors run under any front and over any store",
            &lines_that_name(name, |module| !is_under(module, "runtime")),
        );
    }
}

#[test]
fn the_domain_uses_only_crates_that_compute() {
    let may = [
        "serde",
        "serde_json",
        "thiserror",
        "chrono",
        "chrono_tz",
        "email_address",
        "phonenumber",
        "statrs",
        "tinystr",
        "xxhash_rust",
    ];
    let own = ["std", "core", "alloc", "crate", "self", "super"];
    let dependencies = dependencies();
    let mut broken = Vec::new();
    for source in rust(&["src"]).iter().filter(|source| is_under(&source.module(), "domain")) {
        for (number, line) in source.code() {
            for name in dependencies.iter().filter(|name| names_crate(line, name)) {
                if !may.contains(&name.as_str()) && !own.contains(&name.as_str()) {
                    broken.push(format!("{}:{number} names {name}", source.path));
                }
            }
        }
    }
    hold(
        &format!("`domain` uses no crate but {}", may.join(", ")),
        "a decision waits for nothing, asks no clock and draws no lots, so that it can be replayed",
        &broken,
    );
}

/// The names that the dependencies have in code.
fn dependencies() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, after) = manifest.split_once("\n[dependencies]\n").expect("a section of dependencies");
    let lines = after.lines().take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| line.split_once([' ', '='])).map(|(name, _)| name.replace('-', "_")).collect()
}

#[test]
fn every_module_is_part_of_the_tree() {
    let sources = rust(&["src"]);
    let mut reached: BTreeSet<String> = ["lib".to_owned(), "main".to_owned()].into();
    for source in &sources {
        let parent =
            if matches!(source.module().as_str(), "lib" | "main") { String::new() } else { source.module() + "::" };
        for (_, line) in source.code() {
            let line = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
                reached.insert(format!("{parent}{name}"));
            }
        }
    }
    let lost = sources.iter().filter(|source| !reached.contains(&source.module()));
    let broken: Vec<_> = lost.map(|source| format!("{} is declared nowhere", source.path)).collect();
    hold("every file under src/ is a module", "a file that nobody compiles is wrong without anybody noticing", &broken);
}

const LINES_MAX: usize = 400;

#[test]
fn files_have_one_purpose_and_say_which() {
    let sources = rust(&["src", "tests", "benches"]);
    let mods = sources.iter().filter(|source| source.path.ends_with("/mod.rs")).map(|source| source.path.clone());
    hold("no file is called mod.rs", "a path must tell what is inside", &mods.collect::<Vec<_>>());
    let silent = sources.iter().filter(|source| !source.text.starts_with("//! "));
    let silent: Vec<_> = silent.map(|source| source.path.clone()).collect();
    hold("the first line says why the file exists (`//! …`)", "a stranger reads the tree from file to file", &silent);
    let is_long = |source: &&Source| source.text.lines().count() > LINES_MAX;
    let long = sources.iter().filter(is_long);
    let long: Vec<_> = long.map(|source| format!("{}: {} lines", source.path, source.text.lines().count())).collect();
    hold(&format!("a file has at most {LINES_MAX} lines"), "what has two subjects is two files", &long);
}

#[test]
fn nothing_unfinished_is_left_behind() {
    // Written in two halves, so that this file does not hold what it looks for.
    let words =
        [["to", "do!("], ["unimpl", "emented!("], ["db", "g!("], ["#[ig", "nore"]].map(|halves| halves.concat());
    let unfinished = ["TO", "DO"].concat();
    let mut broken = Vec::new();
    for source in rust(&["src", "tests", "benches"]) {
        for (number, line) in source.lines() {
            let word = words.iter().any(|word| line.contains(word.as_str()));
            let has_issue = line.split_once(&unfinished).is_some_and(|(_, rest)| rest.starts_with("(#"));
            if word || (line.contains(&unfinished) && !has_issue) {
                broken.push(format!("{}:{number} {}", source.path, line.trim()));
            }
        }
    }
    hold(
        &format!(
            "no unfinished code, no debug print, no ignored test, and a {unfinished} names its issue, as in {unfinished}(#12)"
        ),
        "what is not done is an issue, and a test that does not run proves nothing",
        &broken,
    );
}

/// Lines that may panic, by file and what they say.
const PANICS: [(&str, &str); 1] =
    [("src/domain/template.rs", "expect(\"the data file is part of the program and tested\")")];

#[test]
fn the_server_does_not_panic_by_choice() {
    let calls = [".unwrap()", ".expect(", ".unwrap_err()", ".expect_err("];
    let mut broken = Vec::new();
    for source in rust(&["src"]) {
        for (number, line) in source.code() {
            let panics = calls.iter().any(|call| line.contains(call)) || line.contains("panic!(");
            let excused = PANICS.iter().any(|(path, said)| *path == source.path && line.contains(said));
            if panics && !excused {
                broken.push(format!("{}:{number} {}", source.path, line.trim()));
            }
        }
    }
    hold(
        "no unwrap, expect or panic outside of tests",
        "one bad row must not take its neighbours with it (P8)",
        &broken,
    );
}

#[test]
fn nothing_depends_on_one_machine() {
    let hosts = [
        ["index.crates", ".io"],
        ["static.crates", ".io"],
        ["registry.npmjs", ".org"],
        ["pypi", ".org"],
        ["files.python", "hosted.org"],
        ["deb.debian", ".org"],
    ]
    .map(|halves| halves.concat());
    let folders =
        [["/ho", "me/"], ["/ro", "ot/"], ["/Us", "ers/"], ["/work/", "main"], ["/work/", "shared"], ["C:\\Us", "ers"]]
            .map(|halves| halves.concat());
    let mut broken = Vec::new();
    for source in tracked() {
        for (number, line) in source.lines() {
            if let Some(found) = hosts.iter().chain(&folders).find(|found| line.contains(found.as_str())) {
                broken.push(format!("{}:{number} names {found}", source.path));
            }
        }
    }
    hold(
        "no tracked file names a folder of one machine or the host of a registry",
        "a clone must build wherever it lies and whichever mirror serves it",
        &broken,
    );
}

#[test]
fn the_lock_file_holds_no_crate_that_we_refuse() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let refused = [
        ("openssl", "", "it needs a C library that a fresh machine lacks"),
        ("openssl-sys", "", "it needs a C library that a fresh machine lacks"),
        ("aws-lc-rs", "", "it needs a C compiler and CMake"),
        ("aws-lc-sys", "", "it needs a C compiler and CMake"),
        ("cmake", "", "it needs CMake"),
        ("rsa", "", "it leaks the key by timing, and nobody has mended it"),
        ("h2", "0.3.", "it is open to floods of resets, and only 0.4 is mended"),
    ];
    let packages = lock.split("[[package]]").filter_map(|package| {
        let value = |member: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(member)?.strip_prefix(" = \""));
            line.map(|line| line.trim_end_matches('"').to_owned())
        };
        Some((value("name")?, value("version")?))
    });
    let mut broken = Vec::new();
    for (name, version) in packages {
        let reason = refused.iter().find(|(refused, from, _)| name == *refused && version.starts_with(from));
        broken.extend(reason.map(|(_, _, reason)| format!("{name} {version}: {reason}")));
    }
    hold("Cargo.lock has none of the crates that we refuse", "each has a reason of its own", &broken);
}
