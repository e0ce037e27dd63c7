//! Scenario files: a list of phases in TOML, read strictly, so that a misspelt setting is not a default in disguise.

use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::mixed::Mixed;
use super::work_list::WorkList;

/// The scenarios that are part of the program, by name: what `benches/scenarios` has.
pub const BUILT_IN: [(&str, &str); 11] = [
    ("canonical", include_str!("../../../benches/scenarios/canonical.toml")),
    ("million", include_str!("../../../benches/scenarios/million.toml")),
    ("nine-o-clock", include_str!("../../../benches/scenarios/nine-o-clock.toml")),
    ("hot-record", include_str!("../../../benches/scenarios/hot-record.toml")),
    ("hot-sequence", include_str!("../../../benches/scenarios/hot-sequence.toml")),
    ("work-list", include_str!("../../../benches/scenarios/work-list.toml")),
    ("soak", include_str!("../../../benches/scenarios/soak.toml")),
    ("connect", include_str!("../../../benches/scenarios/connect.toml")),
    ("complete", include_str!("../../../benches/scenarios/complete.toml")),
    ("waiting", include_str!("../../../benches/scenarios/waiting.toml")),
    ("spike", include_str!("../../../benches/scenarios/spike.toml")),
];

/// What is done to a server, one phase after the other.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The name, from the file's.
    #[serde(skip)]
    pub name: String,
    /// In their order.
    #[serde(rename = "phase")]
    pub phases: Vec<Phase>,
}

/// One thing that is done, with its settings: `complete = { connections = [64], seconds = 10 }`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// A fresh server on a fresh directory; a server that was given by its address is only looked at.
    Start(Start),
    /// Records are made and connected to a sequence: they are what the next phases work on.
    Connect(Connect),
    /// Steps are completed, one measurement for each number of connections.
    Complete(Complete),
    /// The current step of every record is completed once.
    CompleteOnce(CompleteOnce),
    /// The server is stopped or killed, and started again.
    Restart(Restart),
    /// Nothing is asked for a while.
    Idle(Idle),
    /// The server is stopped, its directory compacted, and it is started again.
    Compact(Compact),
    /// Waits are set that end at real instants soon, and a sandbox goes on as a server on the machine's clock.
    Timers(Timers),
    /// Waits end, all at once or as they are due, while another user goes on working.
    Drain(Drain),
    /// Many connections on one record.
    HotRecord(HotRecord),
    /// A mixed load over all records of one sequence.
    Mixed(Mixed),
    /// Sellers look at their lists while commands change them.
    WorkList(WorkList),
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Start {
    /// On the test clock.
    pub sandbox: bool,
    /// Hours that the test clock is behind the real time.
    pub hours_behind: i64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// How many.
    pub records: usize,
    /// What they go through.
    #[serde(default)]
    pub sequence: Shape,
}

/// The graphs that records go through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Forty calls and tasks in a row.
    #[default]
    Steps,
    /// A task, a wait of one day, a task.
    TaskWaitTask,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Complete {
    /// One measurement for each.
    pub connections: Vec<usize>,
    /// How long each takes.
    pub seconds: u64,
    /// Commands that are due per second; without, each connection sends its next when the answer is in.
    pub per_second: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompleteOnce {
    /// At a time.
    pub connections: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// In order, or as a crash does.
    pub after: End,
}

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// SIGTERM.
    Stop,
    /// SIGKILL.
    Kill,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idle {
    /// How long.
    pub seconds: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compact {}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timers {
    /// How many waits.
    pub records: usize,
    /// Seconds over which their ends are spread; 0: all in the same instant.
    pub over_seconds: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drain {
    /// Records that the other user works on.
    pub other_records: usize,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HotRecord {
    /// At a time, on the one record.
    pub connections: usize,
    /// How long.
    pub seconds: u64,
    /// Records that somebody else works on, over one connection, alone and meanwhile.
    pub neighbours: usize,
}

/// What the command line says against the files.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Records of every phase that makes any.
    pub records: Option<usize>,
    /// Seconds of every measurement and pause.
    pub seconds: Option<u64>,
    /// Connections of `complete` in a closed loop.
    pub connections: Option<Vec<usize>>,
}

impl Scenario {
    /// A file's scenario, or the one of that name that is part of the program.
    pub fn find(name: &str) -> anyhow::Result<Scenario> {
        if let Some((name, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
            return Scenario::read(name, text);
        }
        if !name.ends_with(".toml") {
            let known: Vec<_> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            bail!("`{name}` is no scenario; there are {}, or give a file NAME.toml", known.join(", "));
        }
        let text = std::fs::read_to_string(name).with_context(|| format!("cannot read {name}"))?;
        let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy();
        Scenario::read(&stem, &text)
    }

    fn read(name: &str, text: &str) -> anyhow::Result<Scenario> {
        let mut scenario: Scenario =
            toml::from_str(text).with_context(|| format!("the scenario `{name}` cannot be used"))?;
        scenario.name = name.to_owned();
        if let Some(place) = scenario.phases.iter().position(|phase| !phase.is_possible()) {
            bail!("the scenario `{name}` cannot be used: phase {} has a 0 where at least 1 is needed", place + 1);
        }
        Ok(scenario)
    }

    /// The same with what the command line says.
    pub fn with(mut self, overrides: &Overrides) -> Scenario {
        for phase in &mut self.phases {
            let (records, seconds) = phase.sizes();
            for (size, given) in records.into_iter().zip(overrides.records) {
                *size = given;
            }
            for (size, given) in seconds.into_iter().zip(overrides.seconds) {
                *size = given;
            }
            if let (Phase::Complete(complete), Some(given)) = (phase, &overrides.connections)
                && complete.per_second.is_none()
            {
                complete.connections.clone_from(given);
            }
        }
        self
    }
}

impl Phase {
    /// Whether there is at least one of everything that there must be.
    fn is_possible(&self) -> bool {
        let connections = match self {
            Phase::Complete(complete) => {
                !complete.connections.is_empty() && !complete.connections.contains(&0) && complete.per_second != Some(0)
            }
            Phase::CompleteOnce(once) => once.connections > 0,
            Phase::HotRecord(hot) => hot.connections > 0,
            Phase::Mixed(mixed) => mixed.is_possible(),
            Phase::WorkList(lists) => lists.is_possible(),
            _ => true,
        };
        connections && self.clone().sizes().0.is_none_or(|records| *records > 0)
    }

    /// How many records and how many seconds a phase takes.
    fn sizes(&mut self) -> (Option<&mut usize>, Option<&mut u64>) {
        match self {
            Phase::Start(_) | Phase::CompleteOnce(_) | Phase::Restart(_) | Phase::Compact(_) => (None, None),
            Phase::Connect(connect) => (Some(&mut connect.records), None),
            Phase::Complete(complete) => (None, Some(&mut complete.seconds)),
            Phase::Idle(idle) => (None, Some(&mut idle.seconds)),
            Phase::Timers(timers) => {
                let spread = timers.over_seconds > 0;
                (Some(&mut timers.records), spread.then_some(&mut timers.over_seconds))
            }
            Phase::Drain(drain) => (Some(&mut drain.other_records), None),
            Phase::HotRecord(hot) => (Some(&mut hot.neighbours), Some(&mut hot.seconds)),
            Phase::Mixed(mixed) => (Some(&mut mixed.records), Some(&mut mixed.seconds)),
            Phase::WorkList(lists) => (Some(&mut lists.records), Some(&mut lists.seconds)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        format!("{:#}", Scenario::read("mine", text).unwrap_err())
    }

    #[test]
    fn every_built_in_scenario_can_be_read_and_begins_with_a_server() {
        for (name, _) in BUILT_IN {
            let scenario = Scenario::find(name).unwrap();
            assert_eq!(scenario.name, name);
            assert!(matches!(scenario.phases[0], Phase::Start(_)), "{name}");
        }
    }

    #[test]
    fn phases_are_read_in_their_order() {
        let text = "[[phase]]\nstart = { sandbox = true }\n[[phase]]\nconnect = { records = 5 }\n\
                    [[phase]]\ncomplete = { connections = [1, 2], seconds = 3, per_second = 10 }";
        let expected = vec![
            Phase::Start(Start { sandbox: true, hours_behind: 0 }),
            Phase::Connect(Connect { records: 5, sequence: Shape::Steps }),
            Phase::Complete(Complete { connections: vec![1, 2], seconds: 3, per_second: Some(10) }),
        ];
        assert_eq!(Scenario::read("mine", text).unwrap().phases, expected);
    }

    #[test]
    fn what_nobody_knows_is_refused_with_its_line() {
        for (text, named) in [
            ("[[phase]]\nidle = { seconds = 1 }\n[[phase]]\nconnect = { records = 5, recrods = 6 }", "line 4"),
            ("[[phase]]\nstart = {}\n\n[[phase]]\nfly = {}", "line 5"),
            ("\nphases = []", "line 2"),
            ("[[phase]]\nidle = { seconds = \"long\" }", "line 2"),
            ("[[phase]]\nidle = {}", "`seconds`"),
            ("[[phase]]\nidle = { seconds = 1 }\nstart = {}", "line 1"),
            ("[[phase]]\nrestart = { after = \"lunch\" }", "`lunch`"),
            ("[[phase]]\nmixed = { records = 1, connections = 1, seconds = 1, mix = { sing = 1 } }", "`sing`"),
            ("[[phase]", "line 1"),
        ] {
            let refusal = refusal(text);
            assert!(refusal.contains(named) && refusal.contains("mine"), "{text}: {refusal}");
        }
    }

    #[test]
    fn nothing_at_all_is_refused_where_something_must_be() {
        for phase in [
            "connect = { records = 0 }",
            "complete = { connections = [], seconds = 1 }",
            "complete = { connections = [1, 0], seconds = 1 }",
            "complete-once = { connections = 0 }",
            "mixed = { records = 1, connections = 1, seconds = 1, mix = {} }",
        ] {
            let refusal = refusal(&format!("[[phase]]\nstart = {{}}\n[[phase]]\n{phase}"));
            assert!(refusal.contains("phase 2"), "{phase}: {refusal}");
        }
    }

    #[test]
    fn a_name_that_is_neither_built_in_nor_a_file_is_refused_with_those_that_are() {
        let refusal = Scenario::find("nothing").unwrap_err().to_string();
        assert!(refusal.contains("canonical, million"), "{refusal}");
        assert!(Scenario::find("no/such.toml").unwrap_err().to_string().contains("no/such.toml"));
    }

    #[test]
    fn the_command_line_goes_before_the_file() {
        let overrides = Overrides { records: Some(7), seconds: Some(2), connections: Some(vec![3]) };
        let text = "[[phase]]\nconnect = { records = 5 }\n[[phase]]\ncomplete = { connections = [1], seconds = 9 }\n\
                    [[phase]]\ncomplete = { connections = [1], seconds = 9, per_second = 10 }";
        let phases = Scenario::read("mine", text).unwrap().with(&overrides).phases;
        let expected = [
            Phase::Connect(Connect { records: 7, sequence: Shape::Steps }),
            Phase::Complete(Complete { connections: vec![3], seconds: 2, per_second: None }),
            Phase::Complete(Complete { connections: vec![1], seconds: 2, per_second: Some(10) }),
        ];
        assert_eq!(phases, expected);
    }
}
