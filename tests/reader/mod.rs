//! Reads a certificate back as networks of netprove's own layers, and decides its theorems again: an
//! oracle for mutants that the independent checker accepts, which shares nothing with it.

use std::collections::BTreeSet;

use netprove::algebra::{Budget, Integer, Polynomial, Rational, Shape, Symbol, Tensor};
use netprove::decide::convolution::{Agreement, convolution};
use netprove::decide::properties::behaves;
use netprove::decide::search::Domain;
use netprove::decide::{Comparison, Evidence, Status, Verdict, compare, decide};
use netprove::diagnostic::Span;
use netprove::layer::{Arguments, Layer, Value as Argument, catalogue};
use netprove::network::{Assignment, Behaviour, Equation, Input, Network, Node};
use serde_json::Value;

type Read<T> = Result<T, String>;

const MEMORY: u64 = 1 << 30;

/// Whether netprove agrees with every theorem of a certificate.
pub fn holds(certificate: &Value) -> Read<()> {
    let symbols: Vec<Symbol> = list(&certificate["symbols"])?
        .iter()
        .enumerate()
        .map(|(i, s)| s["root_of"].as_u64().map_or(Symbol::Free(u32::try_from(i).expect("few")), Symbol::Root))
        .collect();
    let read = Reader { symbols };
    let networks: Read<Vec<Network>> = list(&certificate["networks"])?.iter().map(|n| read.network(n)).collect();
    for theorem in list(&certificate["theorems"])? {
        read.theorem(theorem, &networks.clone()?)?;
    }
    Ok(())
}

struct Reader {
    symbols: Vec<Symbol>,
}

fn list(value: &Value) -> Read<&Vec<Value>> {
    value.as_array().ok_or_else(|| format!("{value} is no list"))
}

fn number(value: &Value) -> Read<usize> {
    value.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| format!("{value} is no size"))
}

fn numbers(value: &Value) -> Read<Vec<usize>> {
    list(value)?.iter().map(number).collect()
}

fn rational(value: &Value) -> Read<Rational> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| format!("{value} is no rational"))
}

fn shape(axes: &[usize]) -> Read<Shape> {
    Shape::new(axes.to_vec()).map_err(|e| e.to_string())
}

fn scalar(value: &Value) -> Read<Argument> {
    Ok(Argument::Tensor(Tensor::scalar(&rational(value)?)))
}

impl Reader {
    fn polynomial(&self, entry: &Value, denominator: &Rational) -> Read<Polynomial> {
        let by = denominator.recip();
        let Some(terms) = entry.as_array() else { return Ok(Polynomial::constant(rational(entry)? * by)) };
        let mut sum = Polynomial::default();
        for term in terms {
            let mut product = Polynomial::constant(rational(&term[0])? * &by);
            for power in list(&term[1])? {
                let symbol = *self.symbols.get(number(&power[0])?).ok_or("no such symbol")?;
                for _ in 0..number(&power[1])? {
                    product = product.times(&Polynomial::symbol(symbol));
                }
            }
            sum = sum.plus(&product);
        }
        Ok(sum)
    }

    /// Entries over a denominator, in a shape.
    fn entries(&self, entries: &[Value], denominator: &Value, axes: &[usize]) -> Read<Argument> {
        let denominator = rational(denominator)?;
        let all: Read<Vec<Polynomial>> = entries.iter().map(|e| self.polynomial(e, &denominator)).collect();
        let (all, shape) = (all?, shape(axes)?);
        if all.len() != shape.elements() {
            return Err(format!("{} entries for {shape}", all.len()));
        }
        let plain: Option<Vec<Rational>> = all.iter().map(Polynomial::as_constant).collect();
        Ok(match plain {
            Some(plain) => Argument::Tensor(Tensor::from_rationals(shape, &plain)),
            None => Argument::Symbols(Tensor::from_integers(shape, all)),
        })
    }

    fn tensor(&self, value: &Value) -> Read<Argument> {
        self.entries(list(&value["numerators"])?, &value["denominator"], &numbers(&value["shape"])?)
    }

    /// A tensor of 1, C or all entries for an input of this shape.
    fn spread(&self, value: &Value, input: &Shape) -> Read<Argument> {
        let entries = list(&value["numerators"])?;
        let axes = match entries.len() {
            1 => Vec::new(),
            n if n == input.channels() => vec![n],
            _ => input.axes().to_vec(),
        };
        self.entries(entries, &value["denominator"], &axes)
    }

    fn network(&self, value: &Value) -> Read<Network> {
        let span = Span::default();
        let (mut inputs, mut nodes, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for input in list(&value["inputs"])? {
            let shape = shape(&numbers(&input["shape"])?)?;
            let domain = match &input["domain"] {
                Value::Null => None,
                pair => Some((rational(&pair[0])?, rational(&pair[1])?)),
            };
            let name = input["name"].as_str().unwrap_or("x").to_string();
            places.push(nodes.len());
            nodes.push(Node { name: name.clone(), layer: None, operands: Vec::new(), shape: shape.clone(), span });
            inputs.push(Input { name, shape, domain });
        }
        for layer in list(&value["layers"])? {
            let operands: Read<Vec<usize>> = numbers(&layer["operands"])?
                .iter()
                .map(|&o| places.get(o).copied().ok_or("an operand".into()))
                .collect();
            let mut operands = operands?;
            for (kind, arguments) in self.steps(layer, &nodes[operands[0]].shape)? {
                let shapes: Vec<&Shape> = operands.iter().map(|&o| &nodes[o].shape).collect();
                let signature = catalogue::find(kind).ok_or(kind)?;
                let built: Layer =
                    (signature.build)(&arguments, &shapes).map_err(|e| format!("{kind}: {}", e.message))?;
                let shape = built.function().output().clone();
                nodes.push(Node { name: kind.into(), layer: Some(built), operands, shape, span });
                operands = vec![nodes.len() - 1];
            }
            if nodes[operands[0]].shape.axes() != numbers(&layer["shape"])? {
                return Err(format!("{layer} gives {}", nodes[operands[0]].shape));
            }
            places.push(operands[0]);
        }
        let output = *places.get(number(&value["output"])?).ok_or("no output")?;
        Ok(Network { name: "f".into(), inputs, nodes, output, span })
    }

    /// A layer of a certificate as layers of the language, one after the other.
    fn steps(&self, node: &Value, input: &Shape) -> Read<Vec<(&'static str, Arguments)>> {
        let layer = &node["layer"];
        let none = Arguments::default;
        let integers = |value: &Value| Ok::<_, String>(Argument::Integers(numbers(value)?));
        let window = |window: &Value| {
            let pad = [numbers(&window["before"])?, numbers(&window["after"])?].concat();
            let arguments = none().with("stride", integers(&window["stride"])?).with("pad", Argument::List(pad));
            Ok::<_, String>(arguments.with("dilation", integers(&window["dilation"])?))
        };
        let word = |value: &Value| Argument::Word(value.as_str().unwrap_or_default().into());
        let with_bias = |arguments: Arguments| match &layer["bias"] {
            Value::Null => Ok::<_, String>(arguments),
            bias => Ok(arguments.with("bias", self.tensor(bias)?)),
        };
        let one = |kind, arguments| Ok(vec![(kind, arguments)]);
        match layer["kind"].as_str().unwrap_or_default() {
            "conv" => {
                let arguments = window(&layer["window"])?.with("kernel", self.tensor(&layer["kernel"])?);
                let arguments = arguments.with("groups", Argument::Integers(vec![number(&layer["groups"])?]));
                one("conv", with_bias(arguments.with("pad_mode", word(&layer["mode"])))?)
            }
            "conv_transpose" => {
                let arguments = window(&layer["window"])?.with("kernel", self.tensor(&layer["kernel"])?);
                let arguments = arguments.with("groups", Argument::Integers(vec![number(&layer["groups"])?]));
                one("conv_transpose", with_bias(arguments.with("output_pad", integers(&layer["output_pad"])?))?)
            }
            "dense" => one("dense", with_bias(none().with("matrix", self.tensor(&layer["matrix"])?))?),
            "scale" => {
                let mut steps = vec![("identity", none())];
                for (field, kind, name) in [("factor", "scale", "factor"), ("offset", "bias", "value")] {
                    if !layer[field].is_null() {
                        steps.push((kind, none().with(name, self.spread(&layer[field], input)?)));
                    }
                }
                Ok(steps)
            }
            "sum_pool" => {
                let (size, dilation) = (numbers(&layer["window"]["size"])?, numbers(&layer["window"]["dilation"])?);
                if size.iter().zip(dilation).any(|(&n, d)| n > 1 && d != 1) {
                    return Err("the language has no dilated sums".into());
                }
                let pad = Argument::List(
                    [numbers(&layer["window"]["before"])?, numbers(&layer["window"]["after"])?].concat(),
                );
                let stride = integers(&layer["window"]["stride"])?;
                let arguments =
                    none().with("window", integers(&layer["window"]["size"])?).with("stride", stride).with("pad", pad);
                match layer["divisor"].as_str().unwrap_or_default() {
                    "one" => one("sumpool", arguments),
                    "window" => one("avgpool", arguments),
                    _ => one("avgpool", arguments.with("count_pad", Argument::Word("no".into()))),
                }
            }
            "pad" => {
                let pad = Argument::List([numbers(&layer["before"])?, numbers(&layer["after"])?].concat());
                let arguments = none().with("pad", pad).with("mode", word(&layer["mode"]));
                // Other modes read no value.
                let zero = layer["mode"] == "zero";
                one("pad", if zero { arguments.with("value", scalar(&layer["value"])?) } else { arguments })
            }
            "slice" => {
                let (start, step, out) =
                    (numbers(&layer["start"])?, numbers(&layer["step"])?, numbers(&node["shape"])?);
                let slice = |a: usize| {
                    let whole = |n: usize| Argument::Tensor(Tensor::scalar(&Rational::from_integer(n.into())));
                    let stop = start[a] + (out[a] - 1) * step[a] + 1;
                    let range = none().with("axis", whole(a)).with("start", whole(start[a])).with("stop", whole(stop));
                    ("slice", range.with("step", Argument::Integers(vec![step[a]])))
                };
                Ok((0..out.len()).map(slice).collect())
            }
            "upsample" => {
                let mode = if layer["bilinear"] == true { "bilinear" } else { "nearest" };
                let arguments = none().with("factor", integers(&layer["factor"])?);
                one("upsample", arguments.with("mode", Argument::Word(mode.into())))
            }
            "reshape" => one("reshape", none().with("shape", integers(&node["shape"])?)),
            "permute" => one("permute", none().with("axes", integers(&layer["axes"])?)),
            "pixel_shuffle" => one("pixel_shuffle", none().with("r", Argument::Integers(vec![number(&layer["r"])?]))),
            "slopes" => {
                let below: Read<Vec<Rational>> = list(&layer["below"])?.iter().map(rational).collect();
                let below = below?;
                one("prelu", none().with("a", Argument::Tensor(Tensor::from_rationals(shape(&[below.len()])?, &below))))
            }
            "clip" => Ok(vec![
                ("scale", none().with("factor", scalar(&layer["slope"])?)),
                ("bias", none().with("value", scalar(&layer["offset"])?)),
                ("clip", none().with("lo", scalar(&layer["low"])?).with("hi", scalar(&layer["high"])?)),
            ]),
            "extreme_pool" => {
                let kind = if layer["least"] == true { "minpool" } else { "maxpool" };
                one(kind, window(&layer["window"])?.with("window", integers(&layer["window"]["size"])?))
            }
            "maxout" => one("maxout", none().with("k", Argument::Integers(vec![number(&layer["k"])?]))),
            "extreme" => one(if layer["least"] == true { "minimum" } else { "maximum" }, none()),
            kind => one(catalogue::find(kind).ok_or(format!("no layer {kind}"))?.name, none()),
        }
    }

    /// x ↦ the stated map, as a network with the inputs and the output's shape of another.
    fn map(&self, map: &Value, like: &Network) -> Read<Network> {
        let (rows, columns) = (number(&map["rows"])?, number(&map["columns"])?);
        let mut matrix = vec![Value::from("0"); rows * columns];
        for entry in list(&map["entries"])? {
            matrix[number(&entry[0])? * columns + number(&entry[1])?] = entry[2].clone();
        }
        let matrix = self.entries(&matrix, &map["denominator"], &[rows, columns])?;
        let bias = self.entries(list(&map["constant"])?, &map["denominator"], &[rows])?;
        let mut network = Network { nodes: like.nodes[..like.inputs.len()].to_vec(), ..like.clone() };
        let mut add = |kind: &str, arguments: &Arguments, operands: Vec<usize>| -> Read<usize> {
            let shapes: Vec<&Shape> = operands.iter().map(|&o| &network.nodes[o].shape).collect();
            let layer = (catalogue::find(kind).ok_or(kind)?.build)(arguments, &shapes).map_err(|e| e.message)?;
            let (name, shape) = (kind.into(), layer.function().output().clone());
            network.nodes.push(Node { name, layer: Some(layer), operands, shape, span: like.span });
            Ok(network.nodes.len() - 1)
        };
        let none = Arguments::default();
        let flat: Read<Vec<usize>> = (0..like.inputs.len()).map(|i| add("flatten", &none, vec![i])).collect();
        let all = add("concat", &none, flat?)?;
        let value = add("dense", &none.clone().with("matrix", matrix).with("bias", bias), vec![all])?;
        let axes = Argument::Integers(like.output_shape().axes().to_vec());
        network.output = add("reshape", &none.with("shape", axes), vec![value])?;
        Ok(network)
    }

    /// Whether a law fails at the points that the evidence names, all of which lie in the domain.
    fn law_fails(&self, kind: &str, f: &Network, evidence: &Value) -> Read<bool> {
        let mut values = Assignment::new();
        for pair in list(&evidence["symbols"])? {
            values.insert(*self.symbols.get(number(&pair[0])?).ok_or("no such symbol")?, rational(&pair[1])?);
        }
        let (f, shape) = (f.at(&values), shape(&[f.input_elements()])?);
        let point = |entries: &Value| {
            let entries: Read<Vec<Rational>> = list(entries)?.iter().map(rational).collect();
            let entries = entries?;
            let fits = entries.len() == f.input_elements();
            if fits { Ok(Tensor::from_rationals(shape.clone(), &entries)) } else { Err("no point".to_string()) }
        };
        let one = Rational::from_integer(1.into());
        let parts = match kind {
            "not_additive" => {
                let (x, y) = (point(&evidence["points"][0])?, point(&evidence["points"][1])?);
                vec![(one.clone(), x.plus(&y)), (-one.clone(), x), (-one, y)]
            }
            _ => {
                let (x, a) = (point(&evidence["x"])?, rational(&evidence["factor"])?);
                if kind == "not_positively_homogeneous" && a < Rational::default() {
                    return Ok(false);
                }
                vec![(one, x.scaled(&a)), (-a, x)]
            }
        };
        let (domain, output, mut sum) = (Domain::of(&f), number(&evidence["output"])?, Rational::default());
        for (factor, x) in parts {
            let value = f.evaluate(&x).filter(|value| domain.contains(&x) && output < value.len());
            sum += value.ok_or("a point outside, or an irrational value")?.get(output) * factor;
        }
        Ok(sum != Rational::default())
    }

    fn theorem(&self, theorem: &Value, networks: &[Network]) -> Read<()> {
        let statement = &theorem["statement"];
        let network = |field: &str| Ok::<_, String>(&networks[number(&statement[field])?]);
        let equation = |left: &Network, right: &Network| {
            let within =
                if statement["within"].is_null() { Ok(None) } else { rational(&statement["within"]).map(Some) };
            let between = Equation::between(left.clone(), right.clone(), true, within?, left.span);
            let mut equation = between.map_err(|e| e.message)?;
            let positive = statement["nonnegative"].as_array().cloned().unwrap_or_default();
            let positive: Read<BTreeSet<Symbol>> = positive.iter().map(|s| Ok(self.symbols[number(s)?])).collect();
            equation.nonnegative = positive?;
            Ok::<_, String>(compare(&equation, MEMORY))
        };
        let verdict = |field: &str| Ok::<_, String>(decide(network(field)?, MEMORY).verdict);
        let agrees = match statement["kind"].as_str().unwrap_or_default() {
            "affine_map" => {
                let f = network("network")?;
                matches!(equation(f, &self.map(&statement["map"], f)?)?, Comparison::Equal(_))
            }
            "affine" => matches!(verdict("network")?, Verdict::Linear | Verdict::Affine),
            "linear" => verdict("network")? == Verdict::Linear,
            "not_affine" => verdict("network")? == Verdict::Nonlinear,
            "not_linear" => matches!(verdict("network")?, Verdict::Affine | Verdict::Nonlinear),
            "equal" => matches!(
                equation(network("left")?, network("right")?)?,
                Comparison::Equal(_) | Comparison::Close { .. }
            ),
            "not_a_convolution" => {
                let f = network("network")?;
                let agreement = match &decide(f, MEMORY).evidence {
                    Evidence::Symbolic(map) | Evidence::SymbolicNormalForm(map, _) => {
                        convolution(f, Some(map)).map(|found| found.agreement)
                    }
                    evidence => convolution(f, evidence.map()).map(|found| found.agreement),
                };
                matches!(agreement, Some(Agreement::Except(..)))
            }
            kind @ ("not_additive" | "not_homogeneous" | "not_positively_homogeneous") => {
                self.law_fails(kind, network("network")?, &theorem["evidence"])?
            }
            "different" => matches!(equation(network("left")?, network("right")?)?, Comparison::Different(_)),
            "positively_homogeneous" => {
                let f = network("network")?;
                let three = |symbol| (symbol, Rational::from_integer(3.into()));
                let f = f.at(&f.symbols().into_iter().map(three).collect());
                let at = |k: i64| {
                    let entry = |i: usize| Rational::from_integer((k * (i as i64 * 7 % 11 - 5)).into());
                    let entries: Vec<Rational> = (0..f.input_elements()).map(entry).collect();
                    Some(f.evaluate(&Tensor::from_rationals(shape(&[entries.len()]).ok()?, &entries))?.to_rationals())
                };
                let doubled: Option<Vec<Rational>> = at(1).map(|v| v.iter().map(|x| x * Integer::from(2)).collect());
                doubled.is_some() && doubled == at(2)
            }
            kind => {
                let f = network("network")?;
                let (name, expected) = match kind.strip_prefix("not_") {
                    Some(name) => (name, Status::Refuted),
                    None => (kind, Status::Proved),
                };
                let behaviours = match name {
                    "convex" => vec![Behaviour::Convex],
                    "concave" => vec![Behaviour::Concave],
                    "injective" => vec![Behaviour::Injective],
                    "surjective" => vec![Behaviour::Surjective],
                    "affine_along_constants" => vec![Behaviour::AffineAlongConstants],
                    "lipschitz" => vec![Behaviour::Lipschitz(rational(&statement["bound"])?)],
                    "monotone" => {
                        let inputs: BTreeSet<usize> = numbers(&statement["inputs"])?.into_iter().collect();
                        inputs
                            .into_iter()
                            .filter(|i| *i < f.inputs.len())
                            .map(|i| Behaviour::Monotone(Some(i)))
                            .collect()
                    }
                    other => return Err(format!("no statement {other}")),
                };
                let decision = decide(f, MEMORY);
                let mut answers = behaviours.iter().map(|b| behaves(f, &decision, b, Budget::from(MEMORY)).status);
                match expected {
                    Status::Refuted => answers.any(|status| status == expected),
                    _ => answers.all(|status| status == expected),
                }
            }
        };
        if agrees { Ok(()) } else { Err(format!("netprove does not agree with {}", &statement.to_string())) }
    }
}
