//! What makes a graph impossible: it is not even saved (D-34).

use std::collections::HashMap;

use crate::domain::sequence::graph::Graph;
use crate::limits;

/// Why a graph cannot even be saved (D-34). The pointer names the place in the document.
pub fn structural_faults(graph: &Graph) -> Vec<(String, &'static str, String)> {
    let mut faults = Vec::new();
    let mut places = HashMap::new();
    for (place, node) in graph.nodes.iter().enumerate() {
        if places.insert(node.id(), place).is_some() {
            faults.push((format!("/nodes/{place}/id"), "duplicate_node", format!("node `{}` stands twice", node.id())));
        }
    }
    let mut known = |pointer: String, target: Option<&str>| {
        if let Some(target) = target.filter(|target| !places.contains_key(target)) {
            faults.push((pointer, "dangling_edge", format!("there is no node `{target}`")));
        }
    };
    known("/start".into(), graph.start.as_deref());
    for (place, node) in graph.nodes.iter().enumerate() {
        for (member, target) in node.exits() {
            known(format!("/nodes/{place}/{member}"), target);
        }
    }
    if graph.nodes.len() > limits::GRAPH_NODES_MAX {
        let detail = format!("{} nodes, at most {} fit", graph.nodes.len(), limits::GRAPH_NODES_MAX);
        faults.push(("/nodes".into(), "too_many_steps", detail));
    }
    if faults.is_empty()
        && let Some(place) = cycle(graph, &places)
    {
        let detail = format!("a path leads from `{}` back to it", graph.nodes[place].id());
        faults.push((format!("/nodes/{place}"), "cycle", detail));
    }
    faults
}

/// The place of a node on a cycle, by depth-first search with a stack of its own.
fn cycle(graph: &Graph, places: &HashMap<&str, usize>) -> Option<usize> {
    let exits = |place: usize| -> Vec<usize> {
        graph.nodes[place].exits().into_iter().filter_map(|(_, to)| places.get(to?).copied()).collect()
    };
    let (mut done, mut on_path) = (vec![false; graph.nodes.len()], vec![false; graph.nodes.len()]);
    for root in 0..graph.nodes.len() {
        let mut stack = vec![(root, exits(root))];
        while let Some((place, rest)) = stack.last_mut() {
            let place = *place;
            on_path[place] = true;
            match rest.pop() {
                Some(next) if on_path[next] => return Some(next),
                Some(next) if !done[next] => stack.push((next, exits(next))),
                Some(_) => {}
                None => {
                    (done[place], on_path[place]) = (true, false);
                    stack.pop();
                }
            }
        }
    }
    None
}
