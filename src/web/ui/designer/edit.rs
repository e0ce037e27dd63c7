//! What a designer does to a graph: each change is a function from one graph to the next, so that undoing it is showing the
//! one before.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::web::ui::chart::{Graph, exits, is_branching};
use crate::web::ui::sequences::text;

/// Why something cannot be done there: a key of the words.
pub type Why = &'static str;

/// A place where a step can stand: an exit of a node, or `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Empty at the start.
    pub node: &'a str,
    /// `start`, `next`, `yes` or `no`.
    pub exit: &'a str,
}

impl<'a> Place<'a> {
    /// `NODE.EXIT`, or `start`.
    pub fn parse(text: &'a str) -> Option<Place<'a>> {
        if text == "start" {
            return Some(Place { node: "", exit: "start" });
        }
        let (node, exit) = text.rsplit_once('.')?;
        matches!(exit, "next" | "yes" | "no").then_some(Place { node, exit })
    }
}

/// The node types by the palette's groups.
pub const PALETTE: [(&str, &[&str]); 4] = [
    ("steps", &["email", "auto_email", "text", "auto_text", "phone_call", "task", "wait", "ab_test"]),
    (
        "conditions",
        &[
            "cond_email_open",
            "cond_email_reply",
            "cond_email_link",
            "cond_email_attachment",
            "cond_email_advanced",
            "cond_call",
        ],
    ),
    ("commands", &["branch_field", "branch_stage", "update_field", "advance"]),
    ("linkedin", &["li_research", "li_intro", "li_connect", "li_inmail"]),
];

/// Why a node of that type cannot stand there.
pub fn why_not(graph: &Graph, place: Place, kind: &str) -> Option<Why> {
    let before = graph.node(place.node).map_or("", |node| text(&node["type"]));
    let behind =
        graph.target(place.node, place.exit).and_then(|id| graph.node(id)).map_or("", |node| text(&node["type"]));
    let is_email = matches!(before, "email" | "auto_email");
    match kind {
        _ if behind.starts_with("cond_") && kind != before => Some("why-condition-follows"),
        kind if kind.starts_with("cond_email") && !is_email => Some("why-after-email"),
        "cond_call" if before != "phone_call" => Some("why-after-call"),
        "advance" if place.exit == "start" => Some("why-advance-first"),
        "advance" if !behind.is_empty() => Some("why-advance-last"),
        _ => None,
    }
}

fn nodes(graph: &mut Value) -> impl Iterator<Item = &mut Value> {
    graph["nodes"].as_array_mut().into_iter().flatten()
}

fn keep(graph: &mut Value, wanted: impl Fn(&Value) -> bool) {
    if let Some(nodes) = graph["nodes"].as_array_mut() {
        nodes.retain(wanted);
    }
}

fn find<'a>(graph: &'a mut Value, id: &str) -> Option<&'a mut Value> {
    nodes(graph).find(|node| node["id"] == id)
}

fn lead(graph: &mut Value, place: Place, target: Option<&str>) {
    let target = target.map_or(Value::Null, Value::from);
    match place.exit {
        "start" => graph["start"] = target,
        exit => {
            if let Some(node) = find(graph, place.node) {
                node[exit] = target;
            }
        }
    }
}

/// An id that no node has yet.
fn fresh(graph: &Value, kind: &str) -> String {
    let known = Graph::of(graph);
    (1_u32..).map(|n| format!("{kind}_{n}")).find(|id| known.node(id).is_none()).unwrap_or_default()
}

/// What a new node of a type begins with.
fn blank(kind: &str, id: &str, name: &str) -> Value {
    let mut node = json!({ "id": id, "type": kind });
    match kind {
        "wait" => (node["days"], node["hours"]) = (json!(1), json!(0)),
        "ab_test" => {
            node["name"] = name.into();
            node["display_name"] = name.into();
            node["channel"] = "email".into();
            node["share_a"] = json!(50);
            node["metric"] = "opens".into();
            node["end"] = json!({ "automatic": true });
            node["default"] = "a".into();
        }
        "update_field" | "advance" => {}
        _ => node["name"] = name.into(),
    }
    if kind.starts_with("cond_email") {
        (node["limit_days"], node["limit_hours"]) = (json!(1), json!(0));
    }
    node
}

/// A new node at a place; what stood there follows it.
pub fn add(graph: &mut Value, place: Place, kind: &str, name: &str) -> Result<String, Why> {
    if let Some(why) = why_not(&Graph::of(graph), place, kind) {
        return Err(why);
    }
    let id = fresh(graph, kind);
    put(graph, place, blank(kind, &id, name))?;
    Ok(id)
}

fn put(graph: &mut Value, place: Place, mut node: Value) -> Result<(), Why> {
    let known = Graph::of(graph);
    if place.exit != "start" && known.node(place.node).is_none() {
        return Err("why-gone");
    }
    let (id, behind) = (text(&node["id"]).to_owned(), known.target(place.node, place.exit).map(str::to_owned));
    let first = if is_branching(text(&node["type"])) { "yes" } else { "next" };
    node[first] = behind.map_or(Value::Null, Value::from);
    if let Some(nodes) = graph["nodes"].as_array_mut() {
        nodes.push(node);
    }
    lead(graph, place, Some(&id));
    Ok(())
}

/// An exit leads to a node that is there already, or ends. What nothing leads to any more is gone.
pub fn join(graph: &mut Value, place: Place, target: Option<&str>) -> Result<(), Why> {
    let known = Graph::of(graph);
    if let Some(target) = target {
        if known.node(target).is_none() {
            return Err("why-gone");
        }
        if place.node == target || reaches(&known, target, place.node) {
            return Err("why-circle");
        }
    }
    lead(graph, place, target);
    prune(graph);
    Ok(())
}

fn reaches(graph: &Graph, from: &str, to: &str) -> bool {
    let (mut seen, mut open) = (HashSet::new(), vec![from.to_owned()]);
    while let Some(id) = open.pop() {
        if id == to {
            return true;
        }
        if seen.insert(id.clone())
            && let Some(node) = graph.node(&id)
        {
            open.extend(exits(node).into_iter().filter_map(|(_, target)| target.map(str::to_owned)));
        }
    }
    false
}

/// Nodes that an exit of a place could lead to without a circle.
pub fn joinable<'a>(graph: &Graph<'a>, place: Place) -> Vec<(&'a str, &'a Value)> {
    let now = graph.target(place.node, place.exit);
    let can =
        |id: &str| Some(id) != now && id != place.node && (place.node.is_empty() || !reaches(graph, id, place.node));
    graph.nodes().filter(|(id, node)| can(id) && !text(&node["type"]).starts_with("cond_")).collect()
}

/// Nodes that nothing leads to are gone.
fn prune(graph: &mut Value) {
    let known = Graph::of(graph);
    let live: HashSet<String> = known
        .nodes()
        .map(|(id, _)| id)
        .filter(|id| known.start.is_some_and(|start| reaches(&known, start, id)))
        .map(str::to_owned)
        .collect();
    keep(graph, |node| live.contains(text(&node["id"])));
}

/// Takes a node out; what follows it moves up: of a branch, the way that is kept (`yes`, `no`, or neither).
pub fn delete(graph: &mut Value, id: &str, way: &str) -> Result<(), Why> {
    let known = Graph::of(graph);
    let node = known.node(id).ok_or("why-gone")?;
    let behind = match exits(node).as_slice() {
        [(_, next)] => *next,
        ways => ways.iter().find(|(exit, _)| *exit == way).and_then(|(_, target)| *target),
    };
    //
    if behind.is_some_and(|behind| known.node(behind).is_some_and(|node| text(&node["type"]).starts_with("cond_"))) {
        return Err("why-delete-condition-first");
    }
    let behind = behind.map(str::to_owned);
    skip(graph, id, behind.as_deref());
    prune(graph);
    Ok(())
}

/// Whatever leads to a node leads past it.
fn skip(graph: &mut Value, id: &str, behind: Option<&str>) {
    let behind = behind.map_or(Value::Null, Value::from);
    if graph["start"] == id {
        graph["start"] = behind.clone();
    }
    for node in nodes(graph) {
        for exit in ["next", "yes", "no"] {
            if node.get(exit).is_some_and(|target| *target == id) {
                node[exit] = behind.clone();
            }
        }
    }
    keep(graph, |node| node["id"] != id);
}

/// Moves a node to another place. One that branches, or that a condition asks about, stays.
pub fn shift(graph: &mut Value, id: &str, place: Place) -> Result<(), Why> {
    let known = Graph::of(graph);
    let node = known.node(id).ok_or("why-gone")?.clone();
    let kind = text(&node["type"]).to_owned();
    if is_branching(&kind) {
        return Err("why-move-branch");
    }
    let behind = node["next"].as_str().map(str::to_owned);
    if behind
        .as_deref()
        .and_then(|behind| known.node(behind))
        .is_some_and(|node| text(&node["type"]).starts_with("cond_"))
    {
        return Err("why-move-asked");
    }
    if place.node == id || known.target(place.node, place.exit) == Some(id) {
        return Ok(());
    }
    let mut moved = graph.clone();
    skip(&mut moved, id, behind.as_deref());
    if let Some(why) = why_not(&Graph::of(&moved), place, &kind) {
        return Err(why);
    }
    put(&mut moved, place, node)?;
    *graph = moved;
    Ok(())
}

/// One place up or down its way.
pub fn nudge(graph: &mut Value, id: &str, up: bool) -> Result<(), Why> {
    let known = Graph::of(graph);
    let leads = |to: &str| {
        let into = known
            .nodes()
            .flat_map(|(from, node)| exits(node).into_iter().map(move |(exit, target)| (from, exit, target)));
        let found: Vec<(String, &str)> =
            into.filter(|(.., target)| *target == Some(to)).map(|(from, exit, _)| (from.to_owned(), exit)).collect();
        match (found.as_slice(), known.start == Some(to)) {
            ([], true) => Some((String::new(), "start")),
            ([one], false) => Some(one.clone()),
            _ => None,
        }
    };
    let place = if up {
        let (before, _) = leads(id).ok_or("why-move-edge")?;
        if before.is_empty() {
            return Err("why-move-edge");
        }
        leads(&before).ok_or("why-move-edge")?
    } else {
        let behind = known.node(id).and_then(|node| node["next"].as_str()).ok_or("why-move-edge")?;
        let node = known.node(behind).ok_or("why-move-edge")?;
        (behind.to_owned(), if is_branching(text(&node["type"])) { "yes" } else { "next" })
    };
    shift(graph, id, Place { node: &place.0, exit: place.1 })
}

/// The same node once more, right behind.
pub fn duplicate(graph: &mut Value, id: &str) -> Result<String, Why> {
    let known = Graph::of(graph);
    let mut node = known.node(id).ok_or("why-gone")?.clone();
    let kind = text(&node["type"]).to_owned();
    if is_branching(&kind) || kind == "advance" {
        return Err("why-copy-branch");
    }
    // Behind the condition that asks about it, the copy would come between them: it stands before.
    let place = Place { node: id, exit: "next" };
    if why_not(&known, place, "").is_some() {
        return Err("why-condition-follows");
    }
    let copy = fresh(graph, &kind);
    node["id"] = copy.as_str().into();
    put(graph, place, node)?;
    Ok(copy)
}

/// What the panel of a node says of it: its own members anew, its exits as they are.
pub fn change(graph: &mut Value, id: &str, said: Map<String, Value>) -> Result<(), Why> {
    let node = find(graph, id).ok_or("why-gone")?;
    let kept = ["id", "type", "next", "yes", "no"];
    let mut changed: Map<String, Value> =
        said.into_iter().filter(|(name, value)| !kept.contains(&name.as_str()) && !value.is_null()).collect();
    for name in kept {
        if let Some(value) = node.get(name) {
            changed.insert(name.into(), value.clone());
        }
    }
    *node = Value::Object(changed);
    Ok(())
}
