//! Theorems: what is stated, and the rule by which its evidence proves it. One function a rule; its
//! documentation is the rule's soundness.

mod affine;
mod convolution;
mod pair;
mod property;

use std::collections::BTreeMap;

use num_traits::{Signed, Zero};

use crate::Rejection;
use crate::form::{CONSTANT, Forms, minus};
use crate::layer::wrong;
use crate::network::Network;
use crate::number::{Rat, Symbol};
use crate::region::Program;
use crate::text::{Fields, Json};
use crate::value::{Vector, evaluate};
use crate::work::Work;
use affine::{Map, affine_layers, no_constants};
use property::{Property, bounded_image};

/// What theorems speak of.
pub struct Context {
    /// The symbols, and what they are called.
    pub symbols: Vec<Symbol>,
    pub names: Vec<String>,
    pub networks: Vec<Network>,
    pub work: Work,
    /// For each theorem that was proved: the network and the map that it says, if it is `affine_map`.
    pub maps: Vec<Option<(usize, Map)>>,
}

type Checked<T = ()> = Result<T, Rejection>;
/// An interval that a value lies in.
type Span = (Rat, Rat);

impl Context {
    /// What a theorem says, if its evidence proves it.
    pub fn prove(&mut self, statement: &Json, evidence: &Json) -> Checked<String> {
        let (says, map) = statement
            .record(|s| evidence.record(|e| self.decide(s, e)))
            .map_or_else(|refused| (Err(refused), None), |(says, map)| (Ok(says), map));
        self.maps.push(map);
        says
    }

    fn decide(&self, s: &Fields<'_>, e: &Fields<'_>) -> Checked<(String, Option<(usize, Map)>)> {
        let (kind, by) = (s.get("kind")?.text()?, e.get("kind")?.text()?);
        let unfit = || wrong(format!("evidence `{by}` does not prove a statement `{kind}`"));
        if let "equal" | "different" = kind {
            let pair = self.pair(s)?;
            match (kind, by) {
                ("equal", "composition") => self.equal_rows(&pair)?,
                ("equal", "normal_form") => self.equal_forms(&pair)?,
                ("equal", "bounds") => self.bounded(&pair)?,
                ("equal", "regions") => self.equal_by_regions(&pair, e)?,
                ("different", "counterexample") => self.counterexample(&pair, e)?,
                _ => return unfit(),
            }
            return Ok((self.pair_words(&pair, kind == "equal"), None));
        }
        let index = s.get("network")?.size()?;
        let Some(network) = self.networks.get(index) else { return wrong(format!("there is no network {index}")) };
        let (f, all) = (format!("`{}`", network.name), self.everywhere(&[network], &[]));
        if kind == "affine_map" {
            let map = Map::read(network, s.get("map")?, &self.symbols)?;
            match by {
                "composition" => self.composed(network, &map)?,
                "normal_form" => self.normal_form(network, &map)?,
                "regions" => self.map_by_regions(network, &map, e)?,
                _ => return unfit(),
            }
            let count: usize = map.rows.iter().flatten().filter(|(v, _)| *v != CONSTANT).count();
            let (rows, columns) = (network.rows(), network.columns());
            let entries = format!("M is {rows}×{columns} with {count} entries that are not 0");
            return Ok((format!("{f}(x) = M x + b {all}; {entries}"), Some((index, map))));
        }
        let says = match (kind, by) {
            ("affine", "structure") => affine_layers(network).map(|()| format!("{f} is affine {all}")),
            ("linear", "structure") => self.linear_layers(network).map(|()| format!("{f} is linear {all}")),
            ("positively_homogeneous", "structure") => {
                no_constants(network).map(|()| format!("{f}(a x) = a {f}(x) for all x and all a ≥ 0"))
            }
            ("not_affine", "witness") => {
                self.witness(network, e).map(|()| format!("{f} is not affine on {}", domain(network)))
            }
            ("not_linear" | "not_homogeneous" | "not_positively_homogeneous", "homogeneity") => {
                let (law, on) = (kind[4..].replace('_', " "), domain(network));
                let positive = kind == "not_positively_homogeneous";
                self.homogeneity(network, positive, e).map(|()| format!("{f} is not {law} on {on}"))
            }
            ("not_linear", "constant") => {
                self.constant(index, e).map(|()| format!("{f} is not linear on {}", domain(network)))
            }
            ("not_a_convolution", "matrix") => {
                self.no_convolution(index, e).map(|()| format!("{f} is not one convolution on {}", domain(network)))
            }
            _ => {
                let (property, what) = Property::read(kind.strip_prefix("not_").unwrap_or(kind), network, s)?;
                let holds = !kind.starts_with("not_");
                match (holds, by) {
                    (false, "points") => self.fails_at(network, &property, e),
                    (false, "structure") => bounded_image(network, &property),
                    (true, "layers") => self.by_layers(network, &property),
                    (_, "map") => self.by_map(index, &property, holds, e),
                    (true, "regions") => self.by_regions(network, &property, e),
                    (false, "regions") => self.by_slabs(network, &property, e),
                    _ => return unfit(),
                }?;
                match holds {
                    false => Ok(format!("{f} is not {what} on {}", domain(network))),
                    true => Ok(format!("{f} is {what} {all}")),
                }
            }
        };
        Ok((says?, None))
    }

    fn is_free(&self, symbol: usize) -> bool {
        self.symbols.get(symbol).is_some_and(|s| matches!(s, Symbol::Free(_)))
    }

    /// The map that an earlier theorem says this network is.
    fn map_of(&self, network: usize, e: &Fields<'_>) -> Checked<&Map> {
        match self.maps.get(e.get("theorem")?.size()?) {
            Some(Some((of, map))) if *of == network => Ok(map),
            _ => wrong("the theorem that it rests on does not say this network's map"),
        }
    }

    /// A point of the domain.
    fn point(&self, network: &Network, entries: &[Rat]) -> Checked<Vector> {
        let bounds = network.bounds();
        if entries.len() != bounds.len() {
            return wrong(format!("a point has {} entries, not {}", entries.len(), bounds.len()));
        }
        let outside = |(x, bound): (&Rat, &Option<Span>)| bound.as_ref().is_some_and(|(low, high)| x < low || x > high);
        if entries.iter().zip(&bounds).any(outside) {
            return wrong("a point lies outside of the domain");
        }
        Ok(Vector::exact(entries))
    }

    /// Values of free symbols: ascending indices, each once.
    fn values(&self, json: &Json, nonnegative: &[usize]) -> Checked<BTreeMap<usize, Rat>> {
        let mut values = BTreeMap::new();
        for (symbol, value) in json.list(|value| value.pair(Json::size, Json::rational))? {
            let ascends = values.last_key_value().is_none_or(|(last, _)| *last < symbol);
            if !self.is_free(symbol) || !ascends || (nonnegative.contains(&symbol) && value.is_negative()) {
                return wrong(format!("symbol {symbol} cannot have a value here"));
            }
            values.insert(symbol, value);
        }
        Ok(values)
    }

    /// All outputs at a point of the domain, for values of the symbols.
    fn at(&self, network: &Network, x: &[Rat], values: &BTreeMap<usize, Rat>) -> Checked<Vector> {
        evaluate(network, &self.point(network, x)?, &|symbol| values.get(&symbol).cloned(), &self.work)
    }

    /// Σ factor · f(point) at the output and for the symbols that the evidence names.
    fn combination(&self, network: &Network, e: &Fields<'_>, parts: &[(Rat, Vec<Rat>)]) -> Checked<Span> {
        let (output, values) = (e.get("output")?.size()?, self.values(e.get("symbols")?, &[])?);
        if output >= network.rows() {
            return wrong(format!("there is no output {output}"));
        }
        let mut sum = (Rat::zero(), Rat::zero());
        for (factor, x) in parts {
            let (a, b) = self.at(network, x, &values)?.get(output);
            let (a, b) = if factor.is_negative() { (b, a) } else { (a, b) };
            sum = (sum.0 + factor * a, sum.1 + factor * b);
        }
        Ok(sum)
    }

    /// The program that evidence `regions` holds, if it is f − g (or f) by normal forms, of one kind or the other, and
    /// its tree.
    fn program<'e>(&self, f: &Network, g: Option<&Network>, e: &Fields<'e>) -> Checked<(Program, &'e [Json])> {
        let program = Program::read(e.get("program")?, f.columns())?;
        let agrees = |turned: bool| -> Checked<bool> {
            let mut forms = Forms::new(f, &[], &self.work);
            forms.turned = turned;
            let mut outputs = forms.of(f)?;
            if let Some(g) = g {
                outputs = outputs.iter().zip(&forms.of(g)?).map(|(f, g)| minus(f, g)).collect();
            }
            Ok(program.forms(&mut forms)? == outputs)
        };
        if !agrees(false)? && !agrees(true)? {
            return wrong("the program is not shown to be the network");
        }
        match e.get("tree")? {
            Json::List(tree) => Ok((program, tree)),
            _ => wrong("the tree is no list"),
        }
    }

    /// "for all x in …, and all values of the symbols".
    fn everywhere(&self, networks: &[&Network], nonnegative: &[usize]) -> String {
        let names: Vec<&str> = nonnegative.iter().map(|&s| self.names[s].as_str()).collect();
        let symbols = match (networks.iter().any(|network| network.is_symbolic()), names.is_empty()) {
            (false, _) => String::new(),
            (true, true) => " and all values of the symbols".into(),
            (true, false) => format!(" and all values of the symbols with {} ≥ 0", names.join(", ")),
        };
        format!("for all x in {}{symbols}", domain(networks[0]))
    }
}

fn domain(network: &Network) -> String {
    let inputs = network.inputs.iter().zip(&network.domains).map(|(axes, domain)| {
        let axes = axes.iter().map(usize::to_string).collect::<Vec<_>>().join("×");
        domain.as_ref().map_or(format!("ℚ^({axes})"), |(low, high)| format!("[{low}, {high}]^({axes})"))
    });
    inputs.collect::<Vec<_>>().join(" × ")
}

fn plus(x: &[Rat], y: &[Rat]) -> Checked<Vec<Rat>> {
    if x.len() != y.len() {
        wrong("points have different lengths")
    } else {
        Ok(x.iter().zip(y).map(|(a, b)| a + b).collect())
    }
}

/// Whether every number of an interval is further from 0 than this.
fn apart(gap: &Span, by: &Rat) -> Checked {
    match gap.0 > *by || gap.1 < -by {
        true => Ok(()),
        false => wrong("the two sides are not shown to differ there"),
    }
}
