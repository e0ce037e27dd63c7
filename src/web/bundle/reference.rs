//! What the nodes of a graph name: templates, process flows and sequences by id here and by key in a bundle; fields.

use serde_json::Value;

use super::key::Kind;
use crate::domain::sequence::graph::Graph;

/// The members of nodes that name something else, whichever type of node has them.
const MEMBERS: [(&str, Kind); 5] = [
    ("/template", Kind::Template),
    ("/versions/a/template", Kind::Template),
    ("/versions/b/template", Kind::Template),
    ("/flow", Kind::Flow),
    ("/sequence", Kind::Sequence),
];

/// Shows every reference of a graph in JSON, with its place in the graph, so that it can be written in another way.
pub fn each(graph: &mut Value, mut visit: impl FnMut(Kind, String, &mut String)) {
    let nodes = graph.get_mut("nodes").and_then(Value::as_array_mut);
    for (place, node) in nodes.into_iter().flatten().enumerate() {
        for (member, kind) in MEMBERS {
            if let Some(Value::String(name)) = node.pointer_mut(member) {
                visit(kind, format!("/nodes/{place}{member}"), name);
            }
        }
    }
}

/// A graph with its references as `write` writes them.
pub fn written(graph: &Graph, mut write: impl FnMut(Kind, &str) -> String) -> Graph {
    let Ok(mut json) = serde_json::to_value(graph) else { return Graph::default() };
    each(&mut json, |kind, _, name| *name = write(kind, name));
    // What it says of its references is text before and after.
    serde_json::from_value(json).unwrap_or_default()
}
