//! Figures as SVG, inside of HTML: integers only, colours from the page's style.

mod graph;
mod map;
mod plot;
mod raster;

pub use map::draw as map;

use super::escape::html;
use super::figure::{Drawing, Figure};

/// The drawing of a figure: one `svg` element, or several; `id` is unique on the page.
pub fn drawing(figure: &Figure, id: &str) -> String {
    match &figure.drawing {
        Drawing::Graph(graph) => graph::draw(graph, &figure.title, id),
        Drawing::Pictures(pictures) => raster::draw(pictures, id),
        Drawing::Plot(plot) => plot::draw(plot, &figure.title, id),
    }
}

/// An `svg` element with a name and a description for whoever cannot see it.
fn element(
    id: &str,
    class: &str,
    (width, height): (usize, usize),
    title: &str,
    description: &str,
    body: &str,
) -> String {
    format!(
        "<svg class=\"{class}\" role=\"img\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>{body}</svg>",
        html(title),
        html(description)
    )
}

/// Text of at most `most` characters.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
