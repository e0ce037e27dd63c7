//! The flow chart of a sequence: nested lists that a screen reader reads in order, keys walk through and paper takes; the
//! lines between them are borders.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};

use maud::{Markup, html};
use serde_json::Value;

use super::icons::icon;
use super::sequences::text;
use super::words::Words;

/// The nodes of a graph, as the API has them.
pub struct Graph<'a> {
    /// Where it begins.
    pub start: Option<&'a str>,
    nodes: BTreeMap<&'a str, &'a Value>,
}

impl<'a> Graph<'a> {
    /// Of the API's JSON.
    pub fn of(graph: &'a Value) -> Graph<'a> {
        let nodes = graph["nodes"].as_array().into_iter().flatten();
        Graph { start: graph["start"].as_str(), nodes: nodes.map(|node| (text(&node["id"]), node)).collect() }
    }

    /// A node.
    pub fn node(&self, id: &str) -> Option<&'a Value> {
        self.nodes.get(id).copied()
    }

    /// Every node, by id.
    pub fn nodes(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.nodes.iter().map(|(id, node)| (*id, *node))
    }

    /// What an exit of a node leads to; the exit `start` is where the sequence begins.
    pub fn target(&self, node: &str, exit: &str) -> Option<&'a str> {
        if exit == "start" { self.start } else { self.node(node)?[exit].as_str() }
    }

    /// For each node that branches, where its branches are all together again.
    fn joins(&self) -> HashMap<&'a str, Option<&'a str>> {
        let mut order = Vec::new();
        let mut seen = HashSet::new();
        if let Some(start) = self.start {
            self.visit(start, &mut seen, &mut order);
        }
        // From the ends upwards, each node's own next common node is known when it is needed; the end itself is none.
        let (mut next, mut depth) = (HashMap::<&str, Option<&str>>::new(), HashMap::<&str, usize>::new());
        for id in order {
            let mut ways = self.node(id).map(exits).unwrap_or_default().into_iter();
            let first = ways.next().and_then(|(_, target)| target);
            let joined = ways.fold(first, |joined, (_, target)| {
                let (mut one, mut other) = (joined, target);
                while one != other {
                    let deep = |id: Option<&str>| id.map_or(0, |id| depth.get(id).copied().unwrap_or_default());
                    let up = |id: Option<&str>| id.and_then(|id| next.get(id).copied().flatten());
                    if deep(one) >= deep(other) { one = up(one) } else { other = up(other) }
                }
                one
            });
            depth.insert(id, 1 + joined.map_or(0, |joined| depth.get(joined).copied().unwrap_or_default()));
            next.insert(id, joined);
        }
        next
    }

    /// Nodes behind those that they lead to.
    fn visit(&self, id: &'a str, seen: &mut HashSet<&'a str>, order: &mut Vec<&'a str>) {
        if !seen.insert(id) {
            return;
        }
        let Some(node) = self.node(id) else { return };
        for (_, target) in exits(node) {
            if let Some(target) = target {
                self.visit(target, seen, order);
            }
        }
        order.push(id);
    }
}

/// The exits of a node with what they lead to.
pub fn exits(node: &Value) -> Vec<(&'static str, Option<&str>)> {
    let names: &[&'static str] = if is_branching(text(&node["type"])) { &["yes", "no"] } else { &["next"] };
    names.iter().map(|name| (*name, node[*name].as_str())).collect()
}

/// Whether a node type has a yes and a no.
pub fn is_branching(kind: &str) -> bool {
    kind.starts_with("cond_") || kind.starts_with("branch_")
}

/// The picture of a node type or an activity.
pub fn picture(kind: &str) -> &'static str {
    match kind {
        "email" => "email",
        "auto_email" => "automated_email",
        "text" => "text_message",
        "auto_text" => "automated_text_message",
        "phone_call" => "phone_call",
        "task" => "task",
        "meeting" => "calendar",
        "wait" => "wait",
        "ab_test" => "ab_test",
        "advance" => "advance",
        "update_field" => "edit",
        kind if kind.starts_with("li_") => "linkedin",
        kind if is_branching(kind) => "condition",
        _ => "custom_activity",
    }
}

/// What a node says of itself beside its type.
pub fn title(words: Words, node: &Value) -> String {
    let (days, hours) = (node["days"].as_i64().unwrap_or_default(), node["hours"].as_i64().unwrap_or_default());
    match text(&node["type"]) {
        "wait" => span(words, days, hours),
        "update_field" if text(&node["field"]).is_empty() => String::new(),
        "update_field" => format!("{} = {}", text(&node["field"]), text(&node["value"])),
        "ab_test" => text(&node["display_name"]).to_owned(),
        "advance" => String::new(),
        _ => text(&node["name"]).to_owned(),
    }
}

/// `2 days 3 h`.
pub fn span(words: Words, days: i64, hours: i64) -> String {
    let parts = [(days, "span-days"), (hours, "span-hours")];
    let said: Vec<String> = parts.iter().filter(|(n, _)| *n != 0).map(|(n, key)| words.count(key, *n)).collect();
    if said.is_empty() { words.count("span-hours", 0) } else { said.join(" ") }
}

/// A chart.
pub struct Chart<'a> {
    /// Its language.
    pub words: Words,
    /// What it draws.
    pub graph: &'a Graph<'a>,
    /// How many records stand at each node.
    pub standing: HashMap<String, i64>,
    /// What is to be said of a node: whether it is an error, and what.
    pub found: HashMap<String, Vec<(bool, String)>>,
    /// What a version did to a node: `added`, `changed`, `removed`.
    pub marks: HashMap<String, &'static str>,
    /// The address under which a node is shown; nothing where it is only drawn.
    pub href: Option<String>,
    /// Whether steps can be added.
    pub is_editable: bool,
    /// The node that is shown.
    pub selected: Option<&'a str>,
    prefix: String,
    joins: HashMap<&'a str, Option<&'a str>>,
    drawn: RefCell<HashSet<&'a str>>,
}

impl<'a> Chart<'a> {
    /// A chart that is only drawn.
    pub fn new(words: Words, graph: &'a Graph<'a>) -> Chart<'a> {
        Chart {
            words,
            graph,
            standing: HashMap::new(),
            found: HashMap::new(),
            marks: HashMap::new(),
            href: None,
            is_editable: false,
            selected: None,
            prefix: String::new(),
            joins: graph.joins(),
            drawn: RefCell::default(),
        }
    }

    /// One of several on a page: its nodes are named with it in front.
    #[must_use]
    pub fn of(mut self, name: &str) -> Chart<'a> {
        self.prefix = format!("{name}-");
        self
    }

    /// All of it.
    pub fn show(&self) -> Markup {
        html! {
            ol.flow.chart aria-label=(self.words.say("chart")) {
                li.marker.begin { (self.words.say("chart-start")) }
                (self.link("", "start"))
                (self.flow(self.graph.start, None))
            }
        }
    }

    /// A way from a node on, as far as the place where it joins another.
    fn flow(&self, from: Option<&'a str>, stop: Option<&'a str>) -> Markup {
        let Some(id) = from else { return html! { li.marker.ends { (self.words.say("chart-end")) } } };
        if Some(id) == stop {
            return html! {};
        }
        let Some(found) = self.graph.node(id) else { return html! {} };
        if !self.drawn.borrow_mut().insert(id) {
            return html! { li.joins { a href={ "#" (self.prefix) "node-" (id) } { (icon("advance")) (self.words.fill("chart-joins", &[("name", &self.name(found))])) } } };
        }
        let kind = text(&found["type"]);
        html! {
            (self.tile(id, kind, found))
            @if is_branching(kind) {
                @let join = self.joins.get(id).copied().flatten();
                li.branch { ul.exits.joined[join.is_some()] {
                    @for (exit, target) in exits(found) {
                        li.exit {
                            span.way.(exit) { (self.words.say(exit)) }
                            ol.flow { (self.link(id, exit)) (self.flow(target, join)) }
                        }
                    }
                } }
                @if join.is_some() { (self.flow(join, stop)) }
            } @else if kind == "advance" {
                li.marker.ends { (self.words.say("chart-advances")) }
            } @else {
                (self.link(id, "next")) (self.flow(found["next"].as_str(), stop))
            }
        }
    }

    /// The line to what follows, with the sign to add a step there.
    fn link(&self, node: &str, exit: &str) -> Markup {
        html! {
            li.link {
                @if let Some(href) = self.href.as_ref().filter(|_| self.is_editable) {
                    @let place = if node.is_empty() { exit.to_owned() } else { format!("{node}.{exit}") };
                    a.plus id={ "add-" (place) } href={ (href) "?add=" (place) "#panel" } data-swap="" data-place=(place)
                        aria-label=(self.label(node, exit)) { (icon("add")) }
                }
            }
        }
    }

    fn label(&self, node: &str, exit: &str) -> String {
        let name = self.graph.node(node).map(|node| self.name(node)).unwrap_or_default();
        self.words.fill(&format!("chart-add-{exit}"), &[("name", &name)])
    }

    /// What people call a node.
    pub fn name(&self, node: &Value) -> String {
        let (kind, title) = (self.words.value("node", text(&node["type"])), title(self.words, node));
        if title.is_empty() || title == kind { kind } else { format!("{kind}: {title}") }
    }

    fn tile(&self, id: &str, kind: &str, node: &Value) -> Markup {
        let found = self.found.get(id).map(Vec::as_slice).unwrap_or_default();
        let state = match (found.iter().any(|(is_error, _)| *is_error), found.is_empty()) {
            (true, _) => "wrong",
            (false, false) => "doubtful",
            (false, true) => "",
        };
        let (called, title) = (self.words.value("node", kind), title(self.words, node));
        let inside = html! {
            span.picture { (icon(picture(kind))) }
            span.what { span.kind { (called) } @if title != called { span.title { (title) } } }
            @if let Some(mark) = self.marks.get(id) { span.badge.(mark) { (self.words.say(&format!("mark-{mark}"))) } }
            @if let Some(n) = self.standing.get(id).filter(|n| **n > 0) {
                span.standing title=(self.words.count("chart-standing", *n)) { (super::dates::number(self.words.0, *n)) span.hidden { " " (self.words.say("chart-standing-short")) } }
            }
            @for (is_error, said) in found { span.sign title=(said) { (icon(if *is_error { "error" } else { "warning" })) span.hidden { (said) } } }
        };
        html! {
            li.node id={ (self.prefix) "node-" (id) } {
                @if let Some(href) = &self.href {
                    a.tile.(kind).(state) href={ (href) "?node=" (id) "#panel" } data-swap="" data-node=(id) id={ "tile-" (id) }
                        draggable=(self.is_editable.to_string())
                        aria-current=[(self.selected == Some(id)).then_some("true")] { (inside) }
                } @else { div.tile.(kind).(state) { (inside) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn graph(nodes: &[(&str, &str, &[&str])]) -> Value {
        let nodes: Vec<Value> = nodes
            .iter()
            .map(|(id, kind, exits)| match exits {
                [yes, no] => json!({ "id": id, "type": kind, "yes": named(yes), "no": named(no) }),
                rest => json!({ "id": id, "type": kind, "next": rest.first().and_then(|next| named(next)) }),
            })
            .collect();
        json!({ "start": "a", "nodes": nodes })
    }

    fn named<'a>(id: &&'a str) -> Option<&'a str> {
        Some(*id).filter(|id| !id.is_empty())
    }

    #[test]
    fn branches_are_drawn_together_where_all_of_them_meet() {
        for (nodes, expected) in [
            (
                &[
                    ("a", "cond_call", &["b", "c"][..]),
                    ("b", "task", &["d"]),
                    ("c", "task", &["d"]),
                    ("d", "task", &[]),
                ][..],
                Some("d"),
            ),
            (&[("a", "cond_call", &["b", "c"]), ("b", "task", &["d"]), ("c", "task", &[]), ("d", "task", &[])], None),
            (&[("a", "cond_call", &["b", ""]), ("b", "task", &[])], None),
            (
                &[
                    ("a", "cond_call", &["b", "c"]),
                    ("b", "cond_call", &["c", "d"]),
                    ("d", "task", &["c"]),
                    ("c", "task", &[]),
                ],
                Some("c"),
            ),
        ] {
            let graph = graph(nodes);
            assert_eq!(Graph::of(&graph).joins()["a"], expected);
        }
    }

    #[test]
    fn every_node_that_can_be_reached_is_drawn_once() {
        let nodes: &[(&str, &str, &[&str])] = &[
            ("a", "cond_call", &["b", "c"]),
            ("b", "task", &["e"]),
            ("c", "cond_call", &["e", "d"]),
            ("d", "task", &[]),
            ("e", "task", &["f"]),
            ("f", "task", &[]),
        ];
        let value = graph(nodes);
        let graph = Graph::of(&value);
        let drawn = Chart::new(Words(crate::domain::language::Language::En), &graph).show().into_string();
        for (id, ..) in nodes {
            assert_eq!(drawn.matches(&format!("id=\"node-{id}\"")).count(), 1, "{id}: {drawn}");
        }
        assert_eq!(drawn.matches("href=\"#node-e\"").count(), 1);
    }
}
