//! A network as a column of boxes: what a layer reads from the one above is an arrow, everything else an arc beside.

use super::{element, html, shortened};
use crate::report::figure::{Graph, GraphKind, GraphNode};

const MARGIN: usize = 10;
const BOX: usize = 44;
const STEP: usize = 64;
const LANE: usize = 14;
/// Characters of a line in a box.
const MOST: usize = 38;

/// The graph.
pub(super) fn draw(graph: &Graph, title: &str, id: &str) -> String {
    let nodes = &graph.nodes;
    let longest = nodes.iter().flat_map(|n| lines(n).map(|l| l.chars().count())).max().unwrap_or(0);
    let width = 24 + longest * 15 / 2;
    let arcs = arcs(nodes);
    let lanes = arcs.iter().map(|arc| arc.2 + 1).max().unwrap_or(0);
    let right = MARGIN + width;
    let mut body = String::new();
    body.push_str(&format!(
        "<defs><marker id=\"{id}-a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\" markerUnits=\"userSpaceOnUse\"><path class=\"head\" d=\"M0 0L8 4L0 8z\"/></marker></defs>"
    ));
    let top = |at: usize| MARGIN + at * STEP;
    for (at, node) in nodes.iter().enumerate() {
        if at > 0 && node.operands.contains(&(at - 1)) {
            let x = MARGIN + width / 2;
            body.push_str(&format!(
                "<path class=\"edge-of\" marker-end=\"url(#{id}-a)\" d=\"M{x} {}V{}\"/>",
                top(at - 1) + BOX,
                top(at)
            ));
        }
    }
    for &(from, to, lane) in &arcs {
        let (start, end, x) = (top(from) + BOX / 2 + 6, top(to) + BOX / 2 - 6, right + (lane + 1) * LANE);
        body.push_str(&format!(
            "<path class=\"edge-of skip\" marker-end=\"url(#{id}-a)\" d=\"M{right} {start}H{}Q{x} {start} {x} {}V{}Q{x} {end} {} {end}H{right}\"/>",
            x - 8,
            start + 8,
            end - 8,
            x - 8
        ));
    }
    for (at, node) in nodes.iter().enumerate() {
        body.push_str(&boxed(node, (MARGIN, top(at)), width));
    }
    let size = (right + lanes * LANE + MARGIN, nodes.len() * STEP - (STEP - BOX) + 2 * MARGIN);
    element(id, "graph", size, title, &description(nodes), &body)
}

/// The two lines of a box.
fn lines(node: &GraphNode) -> [String; 2] {
    let layer = if node.layer.is_empty() { "input" } else { &node.layer };
    match node.kind {
        GraphKind::Omitted => [shortened(&node.name, MOST), String::new()],
        GraphKind::Blocking => [
            format!("{}   {}", shortened(&node.name, MOST), node.shape),
            format!("✕ not affine: {}", shortened(layer, MOST - 15)),
        ],
        _ => [format!("{}   {}", shortened(&node.name, MOST), node.shape), shortened(layer, MOST)],
    }
}

fn boxed(node: &GraphNode, (x, y): (usize, usize), width: usize) -> String {
    let class = match (node.kind, node.segment) {
        (GraphKind::Input, _) => "input".to_string(),
        (GraphKind::Blocking, _) => "blocking".into(),
        (GraphKind::Omitted, _) => "omitted".into(),
        (_, Some(segment)) => format!("s{}", segment % 6),
        _ => "affine".into(),
    };
    let [first, second] = lines(node);
    let (name, rest) = first.split_once("   ").unwrap_or((&first, ""));
    let round = if node.kind == GraphKind::Input { 20 } else { 5 };
    let full = html(&format!("{}: {} {}", node.name, node.layer, node.shape));
    format!(
        "<g><title>{full}</title><rect class=\"box {class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BOX}\" rx=\"{round}\"/>\
         <text x=\"{tx}\" y=\"{ty}\"><tspan class=\"b\">{}</tspan> <tspan class=\"m\" dx=\"6\">{}</tspan></text>\
         <text class=\"m\" x=\"{tx}\" y=\"{uy}\">{}</text></g>",
        html(name),
        html(rest),
        html(&second),
        tx = x + 12,
        ty = y + 18,
        uy = y + 35,
    )
}

/// Edges that skip, from, to, and the lane beside the boxes: no two in one lane overlap.
fn arcs(nodes: &[GraphNode]) -> Vec<(usize, usize, usize)> {
    let mut edges: Vec<(usize, usize)> = Vec::new();
    for (to, node) in nodes.iter().enumerate() {
        edges.extend(node.operands.iter().filter(|&&from| from + 1 != to).map(|&from| (from, to)));
    }
    edges.sort_by_key(|(from, to)| (to - from, *from));
    edges.dedup();
    let mut placed: Vec<(usize, usize, usize)> = Vec::new();
    for (from, to) in edges {
        let free = |lane: &usize| !placed.iter().any(|&(f, t, l)| l == *lane && f <= to && from <= t);
        let lane = (0..).find(free).unwrap_or(0);
        placed.push((from, to, lane));
    }
    placed
}

fn description(nodes: &[GraphNode]) -> String {
    let one = |node: &GraphNode| {
        let from: Vec<&str> = node.operands.iter().filter_map(|&o| nodes.get(o)).map(|n| n.name.as_str()).collect();
        let kind = match node.kind {
            GraphKind::Input => ", input",
            GraphKind::Blocking => ", not affine",
            _ => "",
        };
        let from = if from.is_empty() { String::new() } else { format!(" from {}", from.join(" and ")) };
        format!("{} {}{kind}{from}", node.name, node.shape)
    };
    format!("{}.", nodes.iter().map(one).collect::<Vec<_>>().join("; "))
}
