//! A piecewise-linear function of one number: its breakpoints are exact, and joined by lines.

use num_traits::{ToPrimitive, Zero};

use super::{element, html};
use crate::algebra::Rational;
use crate::report::figure::Plot;
use crate::report::math::plain;

const SIZE: (usize, usize) = (560, 300);
const LEFT: usize = 30;
const TOP: usize = 24;
const AREA: (usize, usize) = (500, 210);

/// The plot.
pub(super) fn draw(plot: &Plot, title: &str, id: &str) -> String {
    let frame = Frame::of(plot);
    let mut body = String::new();
    let zero = Rational::zero();
    if frame.low.1 <= zero && zero <= frame.high.1 {
        let y = frame.y(&zero);
        body.push_str(&format!(
            "<path class=\"axis\" d=\"M{LEFT} {y}h{}\"/><text class=\"m end\" x=\"{}\" y=\"{}\">0</text>",
            AREA.0,
            LEFT - 6,
            y + 4
        ));
    }
    for (t, label) in &plot.marks {
        let x = frame.x(t);
        body.push_str(&format!(
            "<path class=\"tick\" d=\"M{x} {TOP}v{}\"/><text class=\"m mid\" x=\"{x}\" y=\"{}\">{}</text>",
            AREA.1,
            TOP + AREA.1 + 18,
            html(&plain(label))
        ));
    }
    let [from, to] = &plot.chord;
    body.push_str(&format!(
        "<path class=\"chord\" d=\"M{} {}L{} {}\"/>",
        frame.x(&from.0),
        frame.y(&from.1),
        frame.x(&to.0),
        frame.y(&to.1)
    ));
    let points: Vec<String> = plot.points.iter().map(|(t, v, _)| format!("{},{}", frame.x(t), frame.y(v))).collect();
    body.push_str(&format!("<polyline class=\"curve\" points=\"{}\"/>", points.join(" ")));
    for (t, value, _) in plot.points.iter().filter(|point| point.2) {
        let words = html(&format!("kink at t = {t}: {} = {value}", plain(&plot.name)).replace('-', "−"));
        body.push_str(&format!(
            "<circle class=\"kink\" cx=\"{}\" cy=\"{}\" r=\"5\"><title>{words}</title></circle>",
            frame.x(t),
            frame.y(value)
        ));
    }
    for (t, value) in &plot.chord {
        let words = html(&format!("t = {t}: {value}").replace('-', "−"));
        body.push_str(&format!(
            "<circle class=\"end-of\" cx=\"{}\" cy=\"{}\" r=\"4\"><title>{words}</title></circle>",
            frame.x(t),
            frame.y(value)
        ));
    }
    body.push_str(&format!("<text class=\"b\" x=\"{LEFT}\" y=\"14\">{}</text>", html(&plain(&plot.name))));
    body.push_str(&format!("<text class=\"m mid\" x=\"{}\" y=\"{}\">t</text>", LEFT + AREA.0 / 2, SIZE.1 - 8));
    let value = |(t, value, kink): &(Rational, Rational, bool)| {
        format!("{value} at t = {t}{}", if *kink { " (kink)" } else { "" })
    };
    let words = plot.points.iter().map(value).collect::<Vec<_>>().join("; ").replace('-', "−");
    element(id, "plot", SIZE, title, &format!("Lines through {words}."), &body)
}

/// From numbers to places.
struct Frame {
    low: (Rational, Rational),
    high: (Rational, Rational),
}

impl Frame {
    fn of(plot: &Plot) -> Frame {
        let t = || plot.points.iter().map(|p| &p.0);
        let values = || plot.points.iter().map(|p| &p.1).chain(plot.chord.iter().map(|p| &p.1));
        let end = |found: Option<&Rational>| found.cloned().unwrap_or_default();
        Frame { low: (end(t().min()), end(values().min())), high: (end(t().max()), end(values().max())) }
    }

    fn x(&self, t: &Rational) -> usize {
        LEFT + place(t, &self.low.0, &self.high.0, AREA.0)
    }

    fn y(&self, value: &Rational) -> usize {
        TOP + AREA.1 - place(value, &self.low.1, &self.high.1, AREA.1)
    }
}

/// How far along, in whole units of `length`.
fn place(at: &Rational, low: &Rational, high: &Rational, length: usize) -> usize {
    if low == high {
        return length / 2;
    }
    let share = (at - low) / (high - low) * Rational::from_integer(length.into());
    share.round().to_integer().to_usize().unwrap_or(0).min(length)
}
