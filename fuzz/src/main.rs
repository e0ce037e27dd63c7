//! One program with every fuzz target; `RELANCE_FUZZ_TARGET` names the one to run. See tests/fuzz.

#![no_main]

mod bundle;
mod commands;
mod copies;
mod credentials;
mod files;
mod form;
mod graph;
mod logs;
mod mail;
mod queries;
mod rows;
mod server;
mod sheet;
mod template;
mod texts;
mod trial;
// What must hold after every command is written down once, beside the tests of the domain.
#[allow(dead_code, reason = "the tests of the domain need more of it")]
#[path = "../../tests/it/domain/ledger.rs"]
mod ledger;
#[allow(dead_code, reason = "the tests of the domain need more of it")]
#[path = "../../tests/it/domain/world.rs"]
mod world;

use std::alloc::System;
use std::sync::LazyLock;

use cap::Cap;
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// A target, and how much memory it may take: bytes at most, whatever the input.
struct Target {
    name: &'static str,
    run: fn(&[u8]),
    memory_max: usize,
}

/// In the order of the layers they try.
const TARGETS: [Target; 16] = [
    Target { name: "texts", run: texts::run, memory_max: 4 << 20 },
    Target { name: "files", run: files::run, memory_max: 16 << 20 },
    Target { name: "copies", run: copies::run, memory_max: 16 << 20 },
    Target { name: "graph", run: graph::run, memory_max: 64 << 20 },
    Target { name: "trial", run: trial::run, memory_max: 64 << 20 },
    Target { name: "record_log", run: logs::record, memory_max: 32 << 20 },
    Target { name: "other_logs", run: logs::other, memory_max: 32 << 20 },
    Target { name: "rows", run: rows::run, memory_max: 64 << 20 },
    Target { name: "template", run: template::run, memory_max: 8 << 20 },
    Target { name: "mail", run: mail::run, memory_max: 16 << 20 },
    Target { name: "sheet", run: sheet::run, memory_max: 64 << 20 },
    Target { name: "form", run: form::run, memory_max: 16 << 20 },
    Target { name: "bundle", run: bundle::run, memory_max: 64 << 20 },
    Target { name: "commands", run: commands::run, memory_max: 512 << 20 },
    Target { name: "credentials", run: credentials::run, memory_max: 512 << 20 },
    Target { name: "queries", run: queries::run, memory_max: 512 << 20 },
];

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("RELANCE_FUZZ_TARGET").unwrap_or_default();
    let names = TARGETS.map(|target| target.name).join(", ");
    let target = TARGETS.iter().find(|target| target.name == name);
    target.unwrap_or_else(|| panic!("RELANCE_FUZZ_TARGET is one of {names}, not `{name}`"))
});

fuzz_target!(|bytes: &[u8]| {
    let target = *TARGET;
    // An allocation beyond the limit fails, which ends the process: a finding.
    let _ = ALLOCATOR.set_limit(ALLOCATOR.allocated().saturating_add(target.memory_max));
    (target.run)(bytes);
    let _ = ALLOCATOR.set_limit(usize::MAX);
});

/// The parts of an input that stand between zero bytes, as text; those that are missing are empty.
fn parts<const N: usize>(bytes: &[u8]) -> [String; N] {
    let mut parts = bytes.splitn(N, |byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned());
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}
