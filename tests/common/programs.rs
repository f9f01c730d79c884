//! Random programs: networks of any layers with any options, and networks that are nearly the same.

use netprove::algebra::{Rational, Shape};
use netprove::diagnostic::Source;
use netprove::network::{NoImports, Program, check};
use proptest::prelude::*;

pub const MEMORY: u64 = 1 << 28;

pub fn program(text: &str) -> Option<Program> {
    check(Source { name: "random.net".into(), text: text.into() }, &NoImports, MEMORY).ok()
}

/// What a random network is made of; every number chooses among what is possible at its place.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub inputs: Vec<(usize, usize)>,
    pub steps: Vec<u64>,
    /// Whether weights may be symbols.
    pub symbols: bool,
    /// The steps of a second network that are written otherwise.
    pub changes: Vec<(usize, u64)>,
}

pub fn recipe() -> impl Strategy<Value = Recipe> {
    (
        prop::collection::vec((0..SHAPES.len(), 0..DOMAINS.len()), 1..3),
        prop::collection::vec(any::<u64>(), 1..6),
        prop::bool::weighted(0.3),
        prop::collection::vec((0_usize..6, any::<u64>()), 0..3),
    )
        .prop_map(|(inputs, steps, symbols, changes)| Recipe { inputs, steps, symbols, changes })
}

/// Short networks with symbols, nearly equal, on domains that may be one point: what conditions on
/// weights are about.
pub fn symbolic_pair() -> impl Strategy<Value = Recipe> {
    (
        prop::collection::vec((0..SHAPES.len(), 0..DOMAINS.len()), 1..3),
        prop::collection::vec(any::<u64>(), 1..4),
        prop::collection::vec((0_usize..4, any::<u64>()), 1..3),
    )
        .prop_map(|(inputs, steps, changes)| Recipe { inputs, steps, symbols: true, changes })
}

const SHAPES: &[&str] = &["2", "3", "1x3", "2x2", "1x2x2", "2x2x3", "1x1x1", "1x4x3", "1x2x2x2", "1"];
const DOMAINS: &[&str] = &[
    "",
    "",
    "",
    " in [0, 1]",
    " in [-1, 2]",
    " in [1, 2]",
    " in [2, 2]",
    " in [0, 0]",
    " in [-3, -1/2]",
    " in [-1, -1]",
];

/// A stream of choices.
pub struct Choices(pub u64);

impl Choices {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % n.max(1)
    }

    pub fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    /// A number n/d with |n| ≤ `size`.
    pub fn rational(&mut self, size: usize) -> Rational {
        let n = i64::try_from(self.below(2 * size + 1)).expect("small") - i64::try_from(size).expect("small");
        Rational::new(n.into(), i64::try_from(1 + self.below(3)).expect("small").into())
    }
}

/// The text of a network: its symbols, its header, and one statement a line.
struct Text {
    name: &'static str,
    symbols: Vec<String>,
    header: String,
    statements: Vec<String>,
}

impl Text {
    fn show(&self) -> String {
        format!("network {}{} {{\n    {}\n}}\n", self.name, self.header, self.statements.join("\n    "))
    }
}

/// The two networks of a recipe, `f` and `g`, as a text without claims.
pub fn networks(recipe: &Recipe) -> String {
    let names = ["x", "y"];
    let arguments: Vec<String> = (recipe.inputs.iter().zip(names))
        .map(|(&(shape, domain), name)| format!("{name}: {}{}", SHAPES[shape], DOMAINS[domain]))
        .collect();
    let header = format!("({})", arguments.join(", "));
    let mut f = Text { name: "f", symbols: Vec::new(), header: header.clone(), statements: Vec::new() };
    if recipe.inputs.len() == 2 {
        f.statements.push("v0 = x |> identity".into());
    }
    for &step in &recipe.steps {
        extend(&mut f, step, recipe.symbols);
    }
    if f.statements.is_empty() {
        f.statements.push("v1 = identity".into());
    }
    let mut g = Text { name: "g", symbols: f.symbols.clone(), header, statements: f.statements.clone() };
    for &(at, choice) in &recipe.changes {
        change(&mut g, at, choice);
    }
    let symbols: String = g.symbols.iter().map(|s| format!("forall {s}\n")).collect();
    format!("{symbols}{}{}", f.show(), g.show())
}

fn values_of(text: &Text) -> Option<Vec<(String, Shape)>> {
    let symbols: String = text.symbols.iter().map(|s| format!("forall {s}\n")).collect();
    let statements = if text.statements.is_empty() { "identity" } else { "" };
    let program = program(&format!("{symbols}{}", text.show().replace("{\n    \n", &format!("{{ {statements}\n"))))?;
    let network = program.networks.first()?;
    let named = network.nodes.iter().filter(|n| n.name.starts_with(['x', 'y', 'v']));
    Some(named.map(|n| (n.name.clone(), n.shape.clone())).collect())
}

/// Adds one step, if it fits.
fn extend(text: &mut Text, choice: u64, symbols: bool) {
    let Some(values) = values_of(text) else { return };
    let mut choices = Choices(choice);
    // Mostly the newest value.
    let (input, shape) =
        if choices.below(4) > 0 { values.last().cloned() } else { Some(choices.of(&values)) }.expect("a value");
    for _ in 0..6 {
        let alike: Vec<String> = values.iter().filter(|v| v.1 == shape).map(|v| v.0.clone()).collect();
        let other = choices.of(&alike);
        let before = text.symbols.len();
        let step = step(&mut choices, &shape, &input, &other, if symbols { Some(&mut text.symbols) } else { None });
        text.statements.push(format!("v{} = {step}", text.statements.len() + 1));
        if values_of(text).is_some_and(|v| v.last().is_some_and(|v| v.1.elements() <= 40)) {
            return;
        }
        text.statements.pop();
        text.symbols.truncate(before);
    }
}

/// Weights: numbers, sparse ones too, or symbols.
fn weights(choices: &mut Choices, shape: &[usize], symbols: &mut Option<&mut Vec<String>>) -> String {
    let by = shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
    if let Some(symbols) = symbols
        && choices.below(2) == 0
    {
        // An older tensor of this shape half of the time: symbols occur twice.
        let known: Vec<String> = symbols.iter().filter(|s| s.ends_with(&format!(": {by}"))).cloned().collect();
        if !known.is_empty() && choices.below(2) == 0 {
            return choices.of(&known).split(':').next().expect("a name").to_string();
        }
        symbols.push(format!("s{}: {by}", symbols.len()));
        return format!("s{}", symbols.len() - 1);
    }
    match choices.below(5) {
        0 => format!("ones({by})"),
        1 => format!("-ones({by})"),
        2 => format!("ones({by}) / 4"),
        _ => format!("random({by}, seed={})", 1 + choices.below(1000)),
    }
}

/// One layer or combination; it may not fit.
fn step(c: &mut Choices, shape: &Shape, x: &str, other: &str, mut symbols: Option<&mut Vec<String>>) -> String {
    let (channels, spatial) = (shape.channels(), shape.spatial().to_vec());
    let pointwise = [
        "relu",
        "relu",
        "abs",
        "leaky_relu(1/4)",
        "leaky_relu(-2)",
        "leaky_relu(1)",
        "clip(-1, 2)",
        "clip(0, 0)",
        "relu6",
        "hard_tanh",
        "hard_sigmoid",
        "scale(-1)",
        "scale(0)",
        "scale(2)",
        "bias(1)",
        "bias(-1/2)",
        "identity",
        "square",
        "batchnorm(mean=1/2, var=4, eps=0)",
        "batchnorm(gamma=-1, mean=0, var=2, eps=0)",
        "softmax",
        "tanh",
        "maxout(1)",
    ];
    let kind = c.below(if spatial.is_empty() { 9 } else { 18 });
    match kind {
        0 | 1 => return format!("{x} |> {}", c.of(&pointwise)),
        2 => return format!("{x} {} {other}", c.of(&["+", "-"])),
        3 => return format!("{x} |> {}({other})", c.of(&["maximum", "minimum", "concat", "multiply", "add", "sub"])),
        4 => {
            let channel = weights(c, &[channels], &mut symbols);
            let entry = weights(c, shape.axes(), &mut symbols);
            let layer = c.of(&["scale(#)", "bias(#)", "bias(@)", "scale(@)", "batchnorm(scale=#, shift=-1)"]);
            return format!("{x} |> {}", layer.replace('#', &channel).replace('@', &entry));
        }
        5 => {
            return format!(
                "{x} |> {}",
                c.of(&[
                    format!("maxout({channels})"),
                    format!("prelu(random({channels}, seed=3))"),
                    "maxout(2)".into()
                ])
            );
        }
        6 => {
            let axis = c.below(shape.rank());
            let n = shape.axes()[axis];
            return format!("{x} |> slice({axis}, {}, {}, step={})", c.below(n), 1 + c.below(n), 1 + c.below(2));
        }
        7 if spatial.is_empty() => {
            let outputs = 1 + c.below(3);
            return format!("{x} |> dense({})", weights(c, &[outputs, channels], &mut symbols));
        }
        7 => {
            return format!(
                "{x} |> {}",
                c.of(&[
                    "flatten".into(),
                    format!("reshape({})", shape.elements()),
                    "global_avgpool".into(),
                    "global_maxpool".to_string()
                ])
            );
        }
        8 => return format!("{} * {x} {} {other} / 3", c.of(&["2", "-1", "1/2"]), c.of(&["+", "-"])),
        _ => {}
    }
    let axes = spatial.len();
    let per_axis = |c: &mut Choices, most: usize| {
        let list: Vec<String> = (0..axes).map(|_| (1 + c.below(most)).to_string()).collect();
        if axes == 1 { list[0].clone() } else { format!("[{}]", list.join(", ")) }
    };
    let pads = |c: &mut Choices, most: usize| {
        let list: Vec<String> = (0..2 * axes).map(|_| c.below(most + 1).to_string()).collect();
        match c.below(4) {
            0 => "0".into(),
            1 => c.below(most + 1).to_string(),
            2 => "same".to_string(),
            _ => format!("[{}]", list.join(", ")),
        }
    };
    let window: Vec<usize> = (0..axes).map(|_| 1 + c.below(3)).collect();
    match kind {
        9..=11 => {
            let groups = c.of(&[1, 1, channels]);
            let outputs = groups * (1 + c.below(2));
            let kernel = weights(c, &[&[outputs, channels / groups], window.as_slice()].concat(), &mut symbols);
            let mut layer = format!("{x} |> conv({kernel}, groups={groups}");
            if c.below(2) == 0 {
                layer += &format!(", bias={}", weights(c, &[outputs], &mut symbols));
            }
            if c.below(2) == 0 {
                layer += &format!(", stride={}", per_axis(c, 3));
            }
            if c.below(3) == 0 {
                layer += &format!(", dilation={}", per_axis(c, 2));
            }
            let mode = c.of(&["zero", "zero", "zero", "circular", "reflect", "replicate"]);
            format!("{layer}, pad={}, pad_mode={mode})", pads(c, 3))
        }
        12 => {
            let outputs = 1 + c.below(2);
            let kernel = weights(c, &[&[channels, outputs], window.as_slice()].concat(), &mut symbols);
            let extra = c.below(2);
            format!(
                "{x} |> conv_transpose({kernel}, stride={}, pad={}, output_pad={extra})",
                per_axis(c, 3),
                c.below(2)
            )
        }
        13 => format!(
            "{x} |> depthwise({}, pad={})",
            weights(c, &[&[channels], window.as_slice()].concat(), &mut symbols),
            pads(c, 2)
        ),
        14 => {
            let count = c.of(&["yes", "no"]);
            format!(
                "{x} |> avgpool({}, stride={}, pad={}, count_pad={count})",
                per_axis(c, 3),
                per_axis(c, 3),
                c.below(2)
            )
        }
        15 => {
            let pool = c.of(&["maxpool", "minpool", "sumpool"]);
            format!("{x} |> {pool}({}, stride={}, pad={})", per_axis(c, 3), per_axis(c, 3), c.below(2))
        }
        16 => match c.below(3) {
            0 => format!("{x} |> upsample({}, mode={})", per_axis(c, 2), c.of(&["nearest", "bilinear"])),
            1 => format!("{x} |> crop({})", pads(c, 1).replace("same", "1")),
            _ => format!("{x} |> permute({})", (0..=axes).rev().map(|a| a.to_string()).collect::<Vec<_>>().join(", ")),
        },
        _ => {
            let mode = c.of(&["mode=zero", "value=1", "mode=circular", "mode=reflect", "mode=replicate"]);
            format!("{x} |> pad({}, {mode})", pads(c, 2).replace("same", "1"))
        }
    }
}

/// Writes a network in another way, which may or may not be the same function.
fn change(text: &mut Text, at: usize, choice: u64) {
    let old = text.statements.clone();
    let mut c = Choices(choice);
    let at = at % text.statements.len().max(1);
    let Some(line) = text.statements.get(at).cloned() else { return };
    let (name, value) = line.split_once(" = ").expect("a binding");
    let changed = match c.below(9) {
        // The same function.
        0 if value.ends_with("relu") => {
            format!("{} |> relu |> scale(1/2) |> scale(2)", value.trim_end_matches(" |> relu"))
        }
        0 if value.ends_with("abs") => format!("({value}) |> abs"),
        0 => format!("({value}) |> scale(-3) |> scale(-1/3)"),
        1 => format!("({value}) |> bias(2) |> bias(-2)"),
        2 => format!("(({value}) |> relu) - (-({value}) |> relu)"),
        3 => format!("(({value}) |> maximum({value})) + ({value}) - ({value})"),
        // Another one.
        4 => format!("({value}) |> relu"),
        5 => format!("({value}) |> scale(1001/1000)"),
        6 => value.replace("seed=1", "seed=2").replace("+ ", "- "),
        7 => value.replace("pad=1", "pad=0").replace("no)", "yes)").replace("circular", "replicate"),
        _ => value.replace("max", "min").replace("-1", "1").replace("relu", "abs"),
    };
    text.statements[at] = format!("{name} = {changed}");
    let result = |values: Option<Vec<(String, Shape)>>| values.and_then(|v| v.last().map(|v| v.1.clone()));
    let after = result(values_of(text));
    let before = result(values_of(&Text {
        statements: old.clone(),
        symbols: text.symbols.clone(),
        header: text.header.clone(),
        ..*text
    }));
    if after.is_none() || after != before {
        text.statements = old;
    }
}
