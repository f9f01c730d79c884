//! Theorems: what is stated, and the rule by which its evidence proves it. One function a rule; its
//! documentation is the rule's soundness.

use std::collections::BTreeMap;

use num_traits::{One, Signed, Zero};

use crate::Rejection;
use crate::form::{CONSTANT, Form, Forms, minus};
use crate::layer::{How, ONE, wrong};
use crate::mark::{Change, Signs, Steepness, marks};
use crate::network::Network;
use crate::number::{Int, Poly, Rat, Symbol};
use crate::region::Program;
use crate::rows::Moduli;
use crate::text::{Fields, Json};
use crate::value::{Vector, evaluate};
use crate::work::Work;

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

/// A stated map: for each row its entries by variable, the constant first, over one denominator.
pub struct Map {
    rows: Vec<Form>,
    denominator: Int,
}

/// Two networks with inputs and outputs of the same shapes, and the same domains.
struct Pair<'c> {
    left: &'c Network,
    right: &'c Network,
    within: Rat,
    nonnegative: Vec<usize>,
}

/// A property of a network's shape as a function.
enum Property {
    Convex {
        concave: bool,
    },
    /// In these inputs.
    Monotone(Vec<usize>),
    Lipschitz(Rat),
    Injective,
    Surjective,
    AlongConstants,
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
            ("not_linear", "homogeneity") => {
                self.homogeneity(network, e).map(|()| format!("{f} is not linear on {}", domain(network)))
            }
            _ => {
                let (property, what) = Property::read(kind.strip_prefix("not_").unwrap_or(kind), s)?;
                match (kind.starts_with("not_"), by) {
                    (true, "points") => self.fails_at(network, &property, e),
                    (true, "structure") => bounded_image(network, &property),
                    (false, "layers") => self.by_layers(network, &property),
                    (false, "map") => self.by_map(index, &property, e),
                    (false, "regions") => self.by_regions(network, &property, e),
                    _ => return unfit(),
                }?;
                match kind.starts_with("not_") {
                    true => Ok(format!("{f} is not {what} on {}", domain(network))),
                    false => Ok(format!("{f} is {what} {all}")),
                }
            }
        };
        Ok((says?, None))
    }

    fn pair(&self, s: &Fields<'_>) -> Checked<Pair<'_>> {
        let index = |name: &str| s.get(name)?.size();
        let (Some(left), Some(right)) = (self.networks.get(index("left")?), self.networks.get(index("right")?)) else {
            return wrong("there is no such network");
        };
        let within = s.get("within")?.option(Json::rational)?.unwrap_or_default();
        let nonnegative = s.get("nonnegative")?.sizes()?;
        if left.inputs != right.inputs || left.shape(left.output) != right.shape(right.output) {
            return wrong("the two networks have different shapes");
        }
        if left.domains != right.domains {
            return wrong("the two networks have different domains");
        }
        if within.is_negative() || !nonnegative.iter().all(|&s| self.is_free(s)) {
            return wrong("the tolerance is negative, or `nonnegative` are not free symbols");
        }
        Ok(Pair { left, right, within, nonnegative })
    }

    fn is_free(&self, symbol: usize) -> bool {
        self.symbols.get(symbol).is_some_and(|s| matches!(s, Symbol::Free(_)))
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

    /// `affine_map` by `composition`. Every live layer is affine, so each output row is found by
    /// substitution ([`crate::rows`]) and compared with the stated one, entry by entry. If all agree,
    /// f(x) = Mx + b for all x.
    fn composed(&self, network: &Network, map: &Map) -> Checked {
        plainly_affine(network)?;
        let mut largest = Int::zero();
        for (_, entry) in map.rows.iter().flatten() {
            let Some(number) = entry.as_number() else { return wrong("an entry of the map is no number") };
            largest = largest.max(number.numer().abs());
        }
        let moduli = Moduli::new(&[network], &Rat::new(largest, map.denominator.clone()), &map.denominator)?;
        let over = moduli.over(&map.denominator);
        moduli.each(&[(network, 1)], &self.work, |row, found| {
            for (variable, entry) in &map.rows[row] {
                // Variable 0 is the constant, which stands last in `found`.
                let column = variable.checked_sub(1).unwrap_or(network.columns());
                let number = entry.as_number().unwrap_or_default();
                moduli.add(found[column], &-number.numer(), &over);
            }
            match found.iter().position(|entry| entry.iter().any(|&e| e != 0)) {
                None => Ok(()),
                Some(column) => wrong_entry(row, column, network),
            }
        })
    }

    /// `affine_map` by `normal_form`. Every output is rewritten, by steps that keep its value on the
    /// domain for all values of the symbols ([`crate::form`]), into an affine form over the inputs.
    /// If it is the stated one, f(x) = Mx + b.
    fn normal_form(&self, network: &Network, map: &Map) -> Checked {
        map.is(network, &Forms::new(network, &[], &self.work).of(network)?)
    }

    /// The program that evidence `regions` holds, if it is f − g (or f) by normal forms, and its tree.
    fn program<'e>(&self, f: &Network, g: Option<&Network>, e: &Fields<'e>) -> Checked<(Program, &'e [Json])> {
        let program = Program::read(e.get("program")?, f.columns())?;
        let mut forms = Forms::new(f, &[], &self.work);
        let mut outputs = forms.of(f)?;
        if let Some(g) = g {
            outputs = outputs.iter().zip(&forms.of(g)?).map(|(f, g)| minus(f, g)).collect();
        }
        if program.forms(&mut forms)? != outputs {
            return wrong("the program is not shown to be the network");
        }
        match e.get("tree")? {
            Json::List(tree) => Ok((program, tree)),
            _ => wrong("the tree is no list"),
        }
    }

    /// `affine_map` by `regions`: on every region of a proof by cases ([`crate::region`]) the outputs are the
    /// stated ones.
    fn map_by_regions(&self, network: &Network, map: &Map, e: &Fields<'_>) -> Checked {
        let (program, tree) = self.program(network, None, e)?;
        program.walk(tree, &network.bounds(), &mut |outputs| map.is(network, outputs), &self.work)
    }

    /// `equal` by `regions`: on every region the difference is 0.
    fn equal_by_regions(&self, pair: &Pair<'_>, e: &Fields<'_>) -> Checked {
        let (program, tree) = self.program(pair.left, Some(pair.right), e)?;
        let mut zero = |outputs: &[Form]| match outputs.iter().position(|o| !o.is_empty()) {
            None => Ok(()),
            Some(row) => wrong(format!("on a region, output {row} of the two sides differs")),
        };
        program.walk(tree, &pair.left.bounds(), &mut zero, &self.work)
    }

    /// `not_affine` by `witness`. An affine f satisfies f(p + x + y) + f(p) = f(p + x) + f(p + y). Here
    /// the bounds of both sides have no number in common, with all four points in the domain.
    fn witness(&self, network: &Network, e: &Fields<'_>) -> Checked {
        let list = |name: &str| e.get(name)?.rationals();
        let (p, x, y) = (list("base")?, list("x")?, list("y")?);
        let (px, py) = (plus(&p, &x)?, plus(&p, &y)?);
        let points = [(1, plus(&px, &y)?), (1, p), (-1, px), (-1, py)];
        let points = points.map(|(sign, point)| (Rat::from_integer(sign.into()), point));
        apart(&self.combination(network, e, &points)?, &Rat::zero())
    }

    /// `not_linear` by `homogeneity`. A linear f satisfies f(a·x) = a·f(x); here it does not, with x and
    /// a·x in the domain.
    fn homogeneity(&self, network: &Network, e: &Fields<'_>) -> Checked {
        let (x, factor) = (e.get("x")?.rationals()?, e.get("factor")?.rational()?);
        let multiple = (Rat::one(), x.iter().map(|v| v * &factor).collect());
        apart(&self.combination(network, e, &[multiple, (-factor, x)])?, &Rat::zero())
    }

    /// `different` by `counterexample`. At a point of the domain, and values of the symbols, the two
    /// outputs differ by more than the tolerance.
    fn counterexample(&self, pair: &Pair<'_>, e: &Fields<'_>) -> Checked {
        let (x, output) = (e.get("x")?.rationals()?, e.get("output")?.size()?);
        let values = self.values(e.get("symbols")?, &pair.nonnegative)?;
        if output >= pair.left.rows() {
            return wrong(format!("there is no output {output}"));
        }
        let (f, g) = (self.at(pair.left, &x, &values)?.get(output), self.at(pair.right, &x, &values)?.get(output));
        apart(&(f.0 - g.1, f.1 - g.0), &pair.within)
    }

    /// `linear` by `structure`. Affine as above, and f(0) = 0: no layer adds a constant, or f is evaluated
    /// at 0. Where an input is one number c ≠ 0 on the domain, b = (b/c)·c is linear in it.
    fn linear_layers(&self, network: &Network) -> Checked {
        affine_layers(network)?;
        if network.is_pinned() || adds_nothing(network) {
            return Ok(());
        }
        let origin = Vector::exact(&vec![Rat::zero(); network.columns()]);
        match evaluate(network, &origin, &|_| None, &self.work)?.numbers() {
            Some(values) if values.iter().all(Rat::is_zero) => Ok(()),
            _ => wrong("a layer adds a constant, and f(0) = 0 is not shown"),
        }
    }

    /// `equal` by `composition`. Both sides are affine; the rows of their difference are found by
    /// substitution, and all are 0.
    fn equal_rows(&self, pair: &Pair<'_>) -> Checked {
        [pair.left, pair.right].into_iter().try_for_each(plainly_affine)?;
        let moduli = Moduli::new(&[pair.left, pair.right], &Rat::zero(), &Int::one())?;
        moduli.each(&[(pair.left, 1), (pair.right, -1)], &self.work, |row, found| {
            match found.iter().all(|entry| entry.iter().all(|&e| e == 0)) {
                true => Ok(()),
                false => wrong(format!("output {row} of the two sides differs")),
            }
        })
    }

    /// `equal` by `normal_form`. Both outputs are rewritten into forms over the same inputs and atoms; their
    /// difference has no term, or is affine in the inputs and its extremes, at ends of their intervals, are at
    /// most the tolerance.
    fn equal_forms(&self, pair: &Pair<'_>) -> Checked {
        let mut forms = Forms::new(pair.left, &pair.nonnegative, &self.work);
        let (left, right) = (forms.of(pair.left)?, forms.of(pair.right)?);
        for (row, (f, g)) in left.iter().zip(&right).enumerate() {
            let difference = minus(f, g);
            let bounds = forms.bound(&difference);
            if !difference.is_empty() && bounds.0.zip(bounds.1).is_none_or(|span| !within(&span, &pair.within)) {
                return wrong(format!("output {row} of the two sides differs by more than {}", pair.within));
            }
        }
        Ok(())
    }

    /// `equal` within a tolerance, by `bounds`: bounds of both sides over the whole domain differ by at most that.
    fn bounded(&self, pair: &Pair<'_>) -> Checked {
        let Some(bounds) = pair.left.bounds().into_iter().collect::<Option<Vec<_>>>() else {
            return wrong("the domain is not bounded");
        };
        let all = |network| evaluate(network, &Vector::between(&bounds), &|_| None, &self.work);
        let (f, g) = (all(pair.left)?, all(pair.right)?);
        let gap = |row: usize| (f.get(row).0 - g.get(row).1, f.get(row).1 - g.get(row).0);
        match (0..pair.left.rows()).find(|&row| !within(&gap(row), &pair.within)) {
            None => Ok(()),
            Some(row) => wrong(format!("the bounds of output {row} are further apart than the tolerance")),
        }
    }

    /// A property by `layers` ([`crate::mark`]), for all values of the symbols.
    fn by_layers(&self, network: &Network, property: &Property) -> Checked {
        let sizes = (0..network.inputs.len()).map(|value| network.size(value));
        let signs = |bends: bool, input: &dyn Fn(usize) -> (bool, bool)| {
            let inputs = sizes.clone().enumerate().map(|(i, n)| vec![input(i); n]).collect();
            marks(network, inputs, &Signs { bends }, &self.work)
        };
        let holds = match property {
            Property::Convex { concave } => {
                signs(true, &|_| (true, true))?.iter().all(|&(up, down)| if *concave { down } else { up })
            }
            // What does not vary is constant.
            Property::Monotone(chosen) => signs(false, &|i| (true, !chosen.contains(&i)))?.iter().all(|m| m.0),
            Property::Lipschitz(bound) => {
                let inputs = sizes.map(|n| vec![Some(Rat::one()); n]).collect();
                let found = marks(network, inputs, &Steepness, &self.work)?;
                found.iter().all(|m| m.as_ref().is_some_and(|m| m <= bound))
            }
            Property::AlongConstants => {
                let (channels, mut at) = (channels(network), 0);
                let direction = |entry: usize| {
                    let one = |c: &usize| Poly::number(Rat::from_integer(u8::from(channels[entry] == *c).into()));
                    Some((0..=channels[channels.len() - 1]).map(|c| one(&c)).collect())
                };
                let input = |n: usize| (at += n, (at - n..at).map(direction).collect()).1;
                marks(network, sizes.map(input).collect(), &Change, &self.work)?.iter().all(Option::is_some)
            }
            Property::Injective | Property::Surjective => false,
        };
        if holds { Ok(()) } else { wrong("the layers do not show it") }
    }

    /// A property by `map`: of the exact map that an earlier theorem says f is. Affine functions are convex,
    /// concave, and affine along every direction. Entries that vary count: no weight is negative; the sizes of a
    /// row's weights add up to at most the bound; with L·M = 1 equal values have equal arguments; with M·R = 1,
    /// in the entries without bounds, R·(y − b) is an argument of y.
    fn by_map(&self, network: usize, property: &Property, e: &Fields<'_>) -> Checked {
        let map = match self.maps.get(e.get("theorem")?.size()?) {
            Some(Some((of, map))) if *of == network => map,
            _ => return wrong("the theorem that it rests on does not say this network's map"),
        };
        let network = &self.networks[network];
        let (bounds, entries) = (network.bounds(), entries_of(network));
        let varies = |v: usize| bounds[v].as_ref().is_none_or(|(low, high)| low < high);
        let over = Rat::new(Int::one(), map.denominator.clone());
        let mut rows: Vec<Vec<(usize, Rat)>> = Vec::new();
        for row in &map.rows {
            let weights = row.iter().filter(|(v, _)| *v != CONSTANT && varies(*v - 1));
            let weights = weights.map(|(v, c)| Some((*v - 1, c.as_number()? * &over)));
            rows.push(weights.collect::<Option<_>>().map_or_else(|| wrong("an entry of the map is no number"), Ok)?);
        }
        let inverse = e.get("inverse")?.option(|rows| rows.list(Json::rationals))?;
        let holds = match (property, inverse) {
            (Property::Convex { .. } | Property::AlongConstants, None) => true,
            (Property::Monotone(chosen), None) => {
                let falls = |(v, w): &(usize, Rat)| chosen.contains(&entries[*v]) && w.is_negative();
                !rows.iter().flatten().any(falls)
            }
            (Property::Lipschitz(bound), None) => {
                rows.iter().all(|row| row.iter().map(|(_, w)| w.abs()).sum::<Rat>() <= *bound)
            }
            (Property::Injective, Some(left)) => {
                let columns: Vec<usize> = (0..bounds.len()).filter(|&v| varies(v)).collect();
                self.work.spend((left.len() * rows.iter().map(Vec::len).sum::<usize>()) as u64 * 500)?;
                left.len() == columns.len()
                    && left.iter().zip(&columns).all(|(inverse, own)| {
                        let mut sum: BTreeMap<usize, Rat> = BTreeMap::new();
                        for (l, row) in inverse.iter().zip(&rows) {
                            row.iter().for_each(|(v, w)| *sum.entry(*v).or_default() += l * w);
                        }
                        sum.retain(|_, n| !n.is_zero());
                        inverse.len() == rows.len() && sum.into_iter().eq([(*own, Rat::one())])
                    })
            }
            // One row of R an entry of the input, 0 where that has bounds.
            (Property::Surjective, Some(right)) => {
                let outputs = rows.len();
                self.work.spend((outputs * rows.iter().map(Vec::len).sum::<usize>()) as u64 * 500)?;
                let free = |(v, row): (usize, &Vec<Rat>)| {
                    row.len() == outputs && (bounds[v].is_none() || row.iter().all(Rat::is_zero))
                };
                right.len() == bounds.len()
                    && right.iter().enumerate().all(free)
                    && rows.iter().enumerate().all(|(i, row)| {
                        let entry = |j: usize| row.iter().map(|(v, w)| w * &right[*v][j]).sum::<Rat>();
                        (0..outputs).all(|j| entry(j) == Rat::from_integer(u8::from(i == j).into()))
                    })
            }
            _ => false,
        };
        if holds { Ok(()) } else { wrong("the map does not show it") }
    }

    /// A property by `regions`: on every region no slope in the chosen inputs is negative; or the sizes of the
    /// slopes add up to at most the bound; or the slopes along every direction that is constant on a channel are
    /// the same. A segment crosses finitely many regions.
    fn by_regions(&self, network: &Network, property: &Property, e: &Fields<'_>) -> Checked {
        let (program, tree) = self.program(network, None, e)?;
        let (entries, channels) = (entries_of(network), channels(network));
        let mut first: Option<Vec<BTreeMap<usize, Rat>>> = None;
        let slopes = |output: &Form| -> Vec<(usize, Rat)> {
            let slopes = output.iter().filter(|(v, _)| *v != CONSTANT);
            slopes.map(|(v, c)| (*v - 1, c.as_number().unwrap_or_default())).collect()
        };
        let mut accept = |outputs: &[Form]| {
            let mut outputs = outputs.iter().map(slopes);
            let holds = match property {
                Property::Monotone(chosen) => {
                    outputs.all(|o| !o.iter().any(|(v, c)| c.is_negative() && chosen.contains(&entries[*v])))
                }
                Property::Lipschitz(bound) => outputs.all(|o| o.iter().map(|(_, c)| c.abs()).sum::<Rat>() <= *bound),
                Property::AlongConstants => {
                    let along = |slopes: Vec<(usize, Rat)>| {
                        let mut sums: BTreeMap<usize, Rat> = BTreeMap::new();
                        slopes.into_iter().for_each(|(v, c)| *sums.entry(channels[v]).or_default() += c);
                        sums.retain(|_, sum| !sum.is_zero());
                        sums
                    };
                    let here: Vec<BTreeMap<usize, Rat>> = outputs.map(along).collect();
                    *first.get_or_insert_with(|| here.clone()) == here
                }
                _ => false,
            };
            if holds { Ok(()) } else { wrong("it fails on a region, or regions do not show it") }
        };
        program.walk(tree, &network.bounds(), &mut accept, &self.work)
    }

    /// That a property fails, by `points`: f(t·x + (1 − t)·y) > t·f(x) + (1 − t)·f(y); x ≤ y and f(x) > f(y);
    /// |f(x) − f(y)| > L·max |x − y|; x ≠ y and f(x) = f(y); f(x + u) − f(x) ≠ f(y + u) − f(y) with u constant on
    /// channels. All points lie in the domain.
    fn fails_at(&self, network: &Network, property: &Property, e: &Fields<'_>) -> Checked {
        let (points, factor) = (e.get("points")?.list(Json::rationals)?, e.get("factor")?.option(Json::rational)?);
        let one = Rat::one();
        let combination = |parts: &[(Rat, Vec<Rat>)]| self.combination(network, e, parts);
        let holds = match (property, points.as_slice(), factor) {
            (Property::Convex { concave }, [x, y], Some(t)) => {
                let rest = &one - &t;
                if t.is_negative() || rest.is_negative() || x.len() != y.len() {
                    return wrong("the point between is none");
                }
                let z = x.iter().zip(y).map(|(a, b)| a * &t + b * &rest).collect();
                let (low, high) = combination(&[(one, z), (-t, x.clone()), (-rest, y.clone())])?;
                if *concave { high.is_negative() } else { low.is_positive() }
            }
            (Property::Monotone(chosen), [x, y], None) => {
                let entries = entries_of(network);
                let rises = |((a, b), input): ((&Rat, &Rat), &usize)| a == b || (a < b && chosen.contains(input));
                x.len() == y.len()
                    && x.iter().zip(y).zip(&entries).all(rises)
                    && combination(&[(one.clone(), x.clone()), (-one, y.clone())])?.0.is_positive()
            }
            (Property::Lipschitz(bound), [x, y], None) => {
                let reach = x.iter().zip(y).map(|(a, b)| (a - b).abs()).max().unwrap_or_default() * bound;
                let gap = combination(&[(one.clone(), x.clone()), (-one, y.clone())])?;
                apart(&gap, &reach).is_ok()
            }
            (Property::Injective, [x, y], None) => {
                let (_, values) = (e.get("output")?, self.values(e.get("symbols")?, &[])?);
                let (f, g) = (self.at(network, x, &values)?.numbers(), self.at(network, y, &values)?.numbers());
                // Entries with one value only are equal in both, because both lie in the domain.
                x != y && f.is_some() && f == g
            }
            (Property::AlongConstants, [x, y, u], None) => {
                let channels = channels(network);
                let parts = [(1, plus(x, u)?), (-1, x.clone()), (-1, plus(y, u)?), (1, y.clone())];
                let parts = parts.map(|(sign, point)| (Rat::from_integer(sign.into()), point));
                let neighbours = (1..u.len().min(channels.len())).filter(|&v| channels[v] == channels[v - 1]);
                neighbours.into_iter().all(|v| u[v] == u[v - 1]) && apart(&combination(&parts)?, &Rat::zero()).is_ok()
            }
            _ => return wrong("these points say nothing of the property"),
        };
        if holds { Ok(()) } else { wrong("the points do not show it") }
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

    fn pair_words(&self, pair: &Pair<'_>, equal: bool) -> String {
        let (f, g) = (&pair.left.name, &pair.right.name);
        let within = if pair.within.is_zero() { String::new() } else { format!(", within {}", pair.within) };
        match equal {
            true => {
                format!("`{f}`(x) = `{g}`(x){within} {}", self.everywhere(&[pair.left, pair.right], &pair.nonnegative))
            }
            false => format!("`{f}`(x) ≠ `{g}`(x){within} for some x in {}", domain(pair.left)),
        }
    }
}

impl Property {
    fn read(kind: &str, s: &Fields<'_>) -> Checked<(Property, String)> {
        let property = match kind {
            "convex" | "concave" => Property::Convex { concave: kind == "concave" },
            "monotone" => Property::Monotone(s.get("inputs")?.sizes()?),
            "lipschitz" => {
                let bound = s.get("bound")?.rational()?;
                return Ok((Property::Lipschitz(bound.clone()), format!("Lipschitz with the constant {bound}")));
            }
            "injective" => Property::Injective,
            "surjective" => Property::Surjective,
            "affine_along_constants" => {
                return Ok((Property::AlongConstants, "affine along images that are constant on each channel".into()));
            }
            _ => return wrong(format!("there is no statement `{kind}` with this evidence")),
        };
        let inputs = if let Property::Monotone(inputs) = &property {
            format!(" in the inputs {inputs:?}")
        } else {
            String::new()
        };
        Ok((property, format!("{kind}{inputs}")))
    }
}

impl Map {
    fn read(network: &Network, json: &Json, symbols: &[Symbol]) -> Checked<Map> {
        json.record(|f| {
            let (rows, columns) = (network.rows(), network.columns());
            let size = (f.get("rows")?.size()?, f.get("columns")?.size()?);
            let denominator = f.get("denominator")?.denominator()?;
            let poly = |entry: &Json| Poly::read(entry, &Int::one(), symbols);
            let constant = f.get("constant")?.list(poly)?;
            if size != (rows, columns) || constant.len() != rows {
                return wrong(format!("the map is {}×{}, but the network's is {rows}×{columns}", size.0, size.1));
            }
            let first = |c: Poly| if c.is_zero() { Vec::new() } else { vec![(CONSTANT, c)] };
            let mut read: Vec<Form> = constant.into_iter().map(first).collect();
            let mut last = None;
            f.get("entries")?.list(|entry| {
                let Json::List(entry) = entry else { return wrong("an entry is no list") };
                let [row, column, number] = entry.as_slice() else { return wrong("an entry is no triple") };
                let (row, column, number) = (row.size()?, column.size()?, poly(number)?);
                if row >= rows || column >= columns || last >= Some((row, column)) || number.is_zero() {
                    return wrong(format!("the entry ({row}, {column}) is out of order, out of range or 0"));
                }
                last = Some((row, column));
                read[row].push((column + 1, number));
                Ok(())
            })?;
            Ok(Map { rows: read, denominator })
        })
    }

    /// Whether these forms are the map's rows. An input that is one number is a constant on both sides.
    fn is(&self, network: &Network, found: &[Form]) -> Checked {
        let (bounds, over) = (network.bounds(), Rat::new(Int::one(), self.denominator.clone()));
        for (row, (found, stated)) in found.iter().zip(&self.rows).enumerate() {
            let mut sum: BTreeMap<usize, Poly> = BTreeMap::new();
            for (variable, entry) in stated {
                let (variable, factor) = match variable.checked_sub(1).and_then(|column| bounds[column].as_ref()) {
                    Some((low, high)) if low == high => (CONSTANT, low),
                    _ => (*variable, &Rat::one()),
                };
                sum.entry(variable).or_default().add(entry, &(&over * factor));
            }
            let stated: Form = sum.into_iter().filter(|(_, c)| !c.is_zero()).collect();
            if let Some((variable, _)) = minus(found, &stated).first() {
                return wrong_entry(row, variable.checked_sub(1).unwrap_or(network.columns()), network);
            }
        }
        Ok(())
    }
}

fn wrong_entry(row: usize, column: usize, network: &Network) -> Checked {
    match column == network.columns() {
        true => wrong(format!("row {row} of the map is wrong in the constant")),
        false => wrong(format!("row {row} of the map is wrong in column {column}")),
    }
}

fn domain(network: &Network) -> String {
    let inputs = network.inputs.iter().zip(&network.domains).map(|(axes, domain)| {
        let axes = axes.iter().map(usize::to_string).collect::<Vec<_>>().join("×");
        domain.as_ref().map_or(format!("ℚ^({axes})"), |(low, high)| format!("[{low}, {high}]^({axes})"))
    });
    inputs.collect::<Vec<_>>().join(" × ")
}

/// For each input entry, the input that it is of.
fn entries_of(network: &Network) -> Vec<usize> {
    (0..network.inputs.len()).flat_map(|input| std::iter::repeat_n(input, network.size(input))).collect()
}

/// For each input entry, the direction that it is of: one a channel of each input, all of a vector.
fn channels(network: &Network) -> Vec<usize> {
    let (mut found, mut next) = (Vec::new(), 0);
    for shape in &network.inputs {
        let channels = if shape.len() > 1 { shape[0] } else { 1 };
        let pixels = shape.iter().product::<usize>() / channels;
        found.extend((0..channels * pixels).map(|i| next + i / pixels));
        next += channels;
    }
    found
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

/// Whether no number of an interval is further from 0 than this.
fn within(gap: &Span, tolerance: &Rat) -> bool {
    gap.0 >= -tolerance && gap.1 <= *tolerance
}

/// `affine` by `structure`. Every live layer is affine in its operands, whatever the symbols are, and
/// affine maps compose.
fn affine_layers(network: &Network) -> Checked {
    if network.is_affine() { Ok(()) } else { wrong("a layer is not affine") }
}

/// Whether rows can be found by substitution, and are unique: inputs that are one number would make others equal.
fn plainly_affine(network: &Network) -> Checked {
    match network.is_affine() && !network.is_symbolic() && !network.is_pinned() {
        true => Ok(()),
        false => wrong("a layer is not affine, or its weights or inputs are not plain numbers"),
    }
}

/// Whether no layer adds a constant other than the polynomial 0.
fn adds_nothing(network: &Network) -> bool {
    network.steps().all(|(_, layer, _)| {
        let adds = |i: usize| {
            let forms = layer.pieces(i).into_iter().flat_map(|piece| piece.forms);
            forms.flatten().any(|(source, at, factor)| source == ONE && !layer.numbers.value(at, factor).is_zero())
        };
        !layer.is_smooth() && !(0..layer.size()).any(adds)
    })
}

/// `positively_homogeneous` by `structure`. Every layer is a sum of maxima and minima of linear forms, so
/// f(a·x) = a·f(x) for a ≥ 0, layer by layer.
fn no_constants(network: &Network) -> Checked {
    if adds_nothing(network) { Ok(()) } else { wrong("a layer adds a constant, or is smooth") }
}

/// Not `surjective` by `structure`. Every input is bounded and every layer continuous (quotients are left out), so
/// the outputs are bounded: some vector is none of them.
fn bounded_image(network: &Network, property: &Property) -> Checked {
    let continuous = network.steps().all(|(_, layer, _)| layer.how != How::Divide);
    match matches!(property, Property::Surjective) && continuous && network.domains.iter().all(Option::is_some) {
        true => Ok(()),
        false => wrong("an input has no bounds, or a layer may not be continuous"),
    }
}
