//! Theorems: what is stated, and the rule by which its evidence proves it. One function a rule; its
//! documentation is the rule's soundness.

use std::collections::BTreeMap;

use num_integer::Integer;
use num_traits::{One, Signed, Zero};

use crate::Rejection;
use crate::form::{CONSTANT, Form, Forms, minus};
use crate::format::{Evidence, Map, Statement, Symbol, Theorem, Values};
use crate::network::Network;
use crate::number::{Int, Poly, Rat, denominator, rational, rationals};
use crate::rows::{Rows, add_product, each, limbs, number, residue};
use crate::stated::Stated;
use crate::value::{Vector, evaluate};

/// The operations that one normal form may take.
const WORK: usize = 400_000_000;

/// The networks and symbols that theorems speak of.
pub struct Context {
    pub symbols: Vec<Symbol>,
    pub networks: Vec<Network>,
}

/// A theorem about two networks.
struct Pair<'c> {
    left: &'c Network,
    right: &'c Network,
    within: Rat,
    nonnegative: &'c [usize],
}

pub fn no<T>(reason: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::Wrong { step: String::new(), reason: reason.into() })
}

impl Context {
    /// Whether the evidence proves the statement.
    pub fn prove(&self, theorem: &Theorem) -> Result<(), Rejection> {
        match (&theorem.statement, &theorem.evidence) {
            (Statement::AffineMap { network, map }, Evidence::Composition {}) => {
                self.composed(self.network(*network)?, map)
            }
            (Statement::AffineMap { network, map }, Evidence::NormalForm {}) => {
                self.normal_form(self.network(*network)?, map)
            }
            (Statement::Affine { network }, Evidence::Structure {}) => affine_layers(self.network(*network)?),
            (Statement::Linear { network }, Evidence::Structure {}) => linear_layers(self.network(*network)?),
            (Statement::PositivelyHomogeneous { network }, Evidence::Structure {}) => {
                no_constants(self.network(*network)?)
            }
            (Statement::NotAffine { network }, Evidence::Witness { base, x, y, output, symbols }) => {
                self.witness(self.network(*network)?, [base, x, y], *output, symbols)
            }
            (Statement::NotLinear { network }, Evidence::Homogeneity { x, factor, output, symbols }) => {
                self.homogeneity(self.network(*network)?, x, factor, *output, symbols)
            }
            (Statement::Equal { left, right, within, nonnegative }, evidence) => {
                let pair = self.pair(*left, *right, within, nonnegative)?;
                match evidence {
                    Evidence::Composition {} => equal_rows(&pair),
                    Evidence::NormalForm {} => equal_forms(&pair),
                    Evidence::Bounds {} => bounded(&pair),
                    _ => no("this evidence does not prove such a statement"),
                }
            }
            (
                Statement::Different { left, right, within, nonnegative },
                Evidence::Counterexample { x, output, symbols },
            ) => self.counterexample(&self.pair(*left, *right, within, nonnegative)?, x, *output, symbols),
            _ => no("this evidence does not prove such a statement"),
        }
    }

    fn network(&self, index: usize) -> Result<&Network, Rejection> {
        self.networks.get(index).map_or_else(|| no(format!("there is no network {index}")), Ok)
    }

    fn pair<'c>(
        &'c self,
        left: usize,
        right: usize,
        within: &Option<String>,
        nonnegative: &'c [usize],
    ) -> Result<Pair<'c>, Rejection> {
        let (left, right) = (self.network(left)?, self.network(right)?);
        if left.inputs != right.inputs || left.shape(left.output) != right.shape(right.output) {
            return no("the two networks have different shapes");
        }
        if left.domains != right.domains {
            return no("the two networks have different domains");
        }
        let within = within.as_ref().map_or(Ok(Rat::zero()), |text| rational(text))?;
        let free = |&s: &usize| self.symbols.get(s).is_some_and(|symbol| symbol.root_of.is_none());
        if within.is_negative() || !nonnegative.iter().all(free) || !nonnegative.is_sorted_by(|a, b| a < b) {
            return no("the tolerance is negative, or `nonnegative` is not an ascending list of free symbols");
        }
        Ok(Pair { left, right, within, nonnegative })
    }

    /// A point of the domain, from its text.
    fn point(&self, network: &Network, entries: Vec<Rat>) -> Result<Vector, Rejection> {
        let bounds = network.bounds();
        if entries.len() != bounds.len() {
            return no(format!("a point has {} entries, not {}", entries.len(), bounds.len()));
        }
        let outside =
            |(x, bound): (&Rat, &Option<(Rat, Rat)>)| bound.as_ref().is_some_and(|(low, high)| x < low || x > high);
        if entries.iter().zip(&bounds).any(outside) {
            return no("a point lies outside of the domain");
        }
        Ok(Vector::exact(&entries))
    }

    /// Values of free symbols: ascending indices, each once.
    fn values(&self, values: &Values, nonnegative: &[usize]) -> Result<BTreeMap<usize, Rat>, Rejection> {
        let mut read = BTreeMap::new();
        for (symbol, value) in values {
            let value = rational(value)?;
            let free = self.symbols.get(*symbol).is_some_and(|s| s.root_of.is_none());
            let ascends = read.last_key_value().is_none_or(|(last, _)| last < symbol);
            if !free || !ascends || (nonnegative.contains(symbol) && value.is_negative()) {
                return no(format!("symbol {symbol} cannot have a value here"));
            }
            read.insert(*symbol, value);
        }
        Ok(read)
    }

    /// `affine_map` by `composition`. Every live layer is affine, so each output row is found by
    /// substitution ([`crate::rows`]) and compared with the stated one, entry by entry. If all agree,
    /// f(x) = Mx + b for all x.
    fn composed(&self, network: &Network, map: &Map) -> Result<(), Rejection> {
        if !network.is_affine() || network.is_symbolic() || network.is_pinned() {
            return no("a layer is not affine, or its weights or inputs are not plain numbers");
        }
        let stated = Stated::read(network, map, &self.symbols)?;
        let rows = Rows::new(network);
        let over = denominator(&map.denominator)?;
        let common = rows.denominator.lcm(&over);
        let (ours, theirs) = (&common / &rows.denominator, &common / &over);
        let largest =
            stated.rows.iter().flatten().map(|(_, n)| n.0.first().map_or(Int::zero(), |t| t.1.numer().abs())).max();
        let limbs = limbs(&(&rows.bound * &ours + largest.unwrap_or_default() * &theirs));
        each(&[(&rows, ours)], limbs, |row, found| {
            for (variable, entry) in &stated.rows[row] {
                // Variable 0 is the constant, which stands last in `found`.
                let column = variable.checked_sub(1).unwrap_or(network.columns());
                let Some(numerator) = entry.as_number() else { return no("an entry is no number") };
                let stated = residue(&(numerator.numer() * &theirs), limbs);
                add_product(&mut found[column * limbs..][..limbs], &stated, -1);
            }
            match found.iter().position(|&w| w != 0) {
                None => Ok(()),
                Some(at) => no(format!("row {row} of the map is wrong in {}", column_name(at / limbs, network))),
            }
        })
    }

    /// `affine_map` by `normal_form`. Every output is rewritten, by steps that keep its value on the
    /// domain for all values of the symbols ([`crate::form`]), into an affine form over the inputs.
    /// If it is the stated one, f(x) = Mx + b.
    fn normal_form(&self, network: &Network, map: &Map) -> Result<(), Rejection> {
        let stated = Stated::read(network, map, &self.symbols)?;
        let over = Rat::new(Int::one(), denominator(&map.denominator)?);
        let mut forms = Forms::new(network, &[], WORK);
        let found = forms.of(network)?;
        let bounds = network.bounds();
        for (row, (found, stated)) in found.iter().zip(&stated.rows).enumerate() {
            // An input that is one number is a constant on both sides.
            let mut sum: BTreeMap<usize, Poly> = BTreeMap::new();
            for (variable, entry) in stated {
                let bound = variable.checked_sub(1).and_then(|column| bounds[column].clone());
                let (variable, factor) = match bound {
                    Some((low, high)) if low == high => (CONSTANT, &over * low),
                    _ => (*variable, over.clone()),
                };
                sum.entry(variable).or_default().add(entry, &factor);
            }
            let stated: Form = sum.into_iter().filter(|(_, c)| !c.is_zero()).collect();
            if let Some((variable, _)) = minus(found, &stated).first() {
                let column = variable.checked_sub(1).unwrap_or(network.columns());
                return no(format!("row {row} of the map is wrong in {}", column_name(column, network)));
            }
        }
        Ok(())
    }

    /// `not_affine` by `witness`. An affine f satisfies f(p + x + y) + f(p) = f(p + x) + f(p + y). Here
    /// the bounds of both sides have no number in common, with all four points in the domain.
    fn witness(
        &self,
        network: &Network,
        [base, x, y]: [&[String]; 3],
        output: usize,
        symbols: &Values,
    ) -> Result<(), Rejection> {
        let values = self.values(symbols, &[])?;
        let (base, x, y) = (rationals(base)?, rationals(x)?, rationals(y)?);
        if x.len() != base.len() || y.len() != base.len() {
            return no("its points have different lengths");
        }
        let point = |with_x: bool, with_y: bool| {
            let step = |v: &Rat, with: bool| if with { v.clone() } else { Rat::zero() };
            let entry = |i: usize| &base[i] + step(&x[i], with_x) + step(&y[i], with_y);
            let point = self.point(network, (0..base.len()).map(entry).collect())?;
            value_at(network, &point, output, &values)
        };
        let (p, px, py, pxy) = (point(false, false)?, point(true, false)?, point(false, true)?, point(true, true)?);
        apart(&(pxy.0 + p.0, pxy.1 + p.1), &(px.0 + py.0, px.1 + py.1), &Rat::zero())
    }

    /// `not_linear` by `homogeneity`. A linear f satisfies f(a·x) = a·f(x); here it does not, with x and
    /// a·x in the domain.
    fn homogeneity(
        &self,
        network: &Network,
        x: &[String],
        factor: &str,
        output: usize,
        symbols: &Values,
    ) -> Result<(), Rejection> {
        let (values, x, factor) = (self.values(symbols, &[])?, rationals(x)?, rational(factor)?);
        let multiple = self.point(network, x.iter().map(|v| v * &factor).collect())?;
        let left = value_at(network, &multiple, output, &values)?;
        let right = value_at(network, &self.point(network, x)?, output, &values)?;
        let (a, b) = (&right.0 * &factor, &right.1 * &factor);
        apart(&left, &(a.clone().min(b.clone()), a.max(b)), &Rat::zero())
    }

    /// `different` by `counterexample`. At a point of the domain, and values of the symbols, the two
    /// outputs differ by more than the tolerance.
    fn counterexample(&self, pair: &Pair, x: &[String], output: usize, symbols: &Values) -> Result<(), Rejection> {
        let values = self.values(symbols, pair.nonnegative)?;
        let point = self.point(pair.left, rationals(x)?)?;
        let left = value_at(pair.left, &point, output, &values)?;
        let right = value_at(pair.right, &point, output, &values)?;
        apart(&left, &right, &pair.within)
    }
}

fn column_name(column: usize, network: &Network) -> String {
    if column == network.columns() { "the constant".into() } else { format!("column {column}") }
}

/// The bounds of an output at a point.
fn value_at(
    network: &Network,
    point: &Vector,
    output: usize,
    values: &BTreeMap<usize, Rat>,
) -> Result<(Rat, Rat), Rejection> {
    if output >= network.rows() {
        return no(format!("there is no output {output}"));
    }
    Ok(evaluate(network, point, &|symbol| values.get(&symbol).cloned())?.get(output))
}

/// Whether every number of one interval differs from every number of the other by more than `by`.
fn apart(a: &(Rat, Rat), b: &(Rat, Rat), by: &Rat) -> Result<(), Rejection> {
    if &a.0 - &b.1 > *by || &b.0 - &a.1 > *by { Ok(()) } else { no("the two sides are not shown to differ there") }
}

/// `affine` by `structure`. Every live layer is affine in its operands, whatever the symbols are, and
/// affine maps compose.
fn affine_layers(network: &Network) -> Result<(), Rejection> {
    if network.is_affine() { Ok(()) } else { no("a layer is not affine") }
}

/// Whether no layer adds a constant other than the polynomial 0.
fn adds_nothing(network: &Network) -> bool {
    network.live_layers().all(|layer| {
        let adds = |i: usize| {
            let forms = layer.pieces(i).into_iter().flat_map(|piece| piece.forms);
            forms.flatten().any(|(source, weight)| source == crate::layer::ONE && !layer.table.value(weight).is_zero())
        };
        !layer.is_smooth() && !(0..layer.shape.iter().product()).any(adds)
    })
}

/// `linear` by `structure`. Affine as above, and f(0) = 0: no layer adds a constant, or f is evaluated
/// at 0. Where an input is one number c ≠ 0 on the domain, b = (b/c)·c is linear in it.
fn linear_layers(network: &Network) -> Result<(), Rejection> {
    affine_layers(network)?;
    if network.is_pinned() || adds_nothing(network) {
        return Ok(());
    }
    let origin = Vector::exact(&vec![Rat::zero(); network.columns()]);
    match evaluate(network, &origin, &|_| None)?.numbers() {
        Some(values) if values.iter().all(Rat::is_zero) => Ok(()),
        _ => no("a layer adds a constant, and f(0) = 0 is not shown"),
    }
}

/// `positively_homogeneous` by `structure`. Every layer is a sum of maxima and minima of linear forms, so
/// f(a·x) = a·f(x) for a ≥ 0, layer by layer.
fn no_constants(network: &Network) -> Result<(), Rejection> {
    if adds_nothing(network) { Ok(()) } else { no("a layer adds a constant, or is smooth") }
}

/// `equal` by `composition`. Both sides are affine; their rows are found by substitution and
/// compared. With a tolerance ε: |f − g| at its largest, at a corner of the domain, is at most ε.
fn equal_rows(pair: &Pair) -> Result<(), Rejection> {
    let (left, right) = (pair.left, pair.right);
    if [left, right].iter().any(|n| !n.is_affine() || n.is_symbolic() || n.is_pinned()) {
        return no("a layer is not affine, or its weights or inputs are not plain numbers");
    }
    let (f, g) = (Rows::new(left), Rows::new(right));
    let common = f.denominator.lcm(&g.denominator);
    let (by_f, by_g) = (&common / &f.denominator, &common / &g.denominator);
    let limbs = limbs(&(&f.bound * &by_f + &g.bound * &by_g));
    let bounds = left.bounds();
    each(&[(&f, by_f), (&g, -by_g)], limbs, |row, found| {
        if found.iter().all(|&w| w == 0) {
            return Ok(());
        }
        let entries = found.chunks(limbs).map(|words| Rat::new(number(words), common.clone()));
        let form = entries.enumerate().filter(|(_, n)| !n.is_zero());
        let form = form.map(|(column, n)| ((column + 1) % (left.columns() + 1), Poly::number(n)));
        small(&form.collect(), &pair.within, &|variable| bounds.get(variable - 1).cloned().flatten(), row)
    })
}

/// Whether |form| ≤ `within` on the domain: its extremes are at ends of the entries' intervals.
fn small(form: &Form, within: &Rat, domain: &dyn Fn(usize) -> Option<(Rat, Rat)>, row: usize) -> Result<(), Rejection> {
    let (mut low, mut high) = (Rat::zero(), Rat::zero());
    for (variable, coefficient) in form {
        let bounds = if *variable == CONSTANT { Some((Rat::one(), Rat::one())) } else { domain(*variable) };
        let (Some(c), Some((a, b))) = (coefficient.as_number(), bounds) else {
            return no(format!("output {row} of the two sides differs by more than {within}"));
        };
        let (a, b) = if c.is_negative() { (b, a) } else { (a, b) };
        low += &c * a;
        high += c * b;
    }
    match -within <= low && high <= *within {
        true => Ok(()),
        false => no(format!("output {row} of the two sides differs by more than {within}")),
    }
}

/// `equal` by `normal_form`. Both outputs are rewritten into forms over the same inputs and atoms; their
/// difference has no term, or is affine and at most the tolerance.
fn equal_forms(pair: &Pair) -> Result<(), Rejection> {
    let mut forms = Forms::new(pair.left, pair.nonnegative, WORK);
    let (left, right) = (forms.of(pair.left)?, forms.of(pair.right)?);
    let bounds = pair.left.bounds();
    for (row, (f, g)) in left.iter().zip(&right).enumerate() {
        let difference = minus(f, g);
        if !difference.is_empty() {
            small(&difference, &pair.within, &|variable| bounds.get(variable - 1).cloned().flatten(), row)?;
        }
    }
    Ok(())
}

/// `equal` within a tolerance, by `bounds`: bounds of both sides over the whole domain differ by at most that.
fn bounded(pair: &Pair) -> Result<(), Rejection> {
    let Some(bounds) = pair.left.bounds().into_iter().collect::<Option<Vec<_>>>() else {
        return no("the domain is not bounded");
    };
    let domain = Vector::between(&bounds);
    let (f, g) = (evaluate(pair.left, &domain, &|_| None)?, evaluate(pair.right, &domain, &|_| None)?);
    let far = |row: &usize| {
        let (f, g) = (f.get(*row), g.get(*row));
        f.1 - g.0 > pair.within || g.1 - f.0 > pair.within
    };
    match (0..pair.left.rows()).find(far) {
        None => Ok(()),
        Some(row) => no(format!("the bounds of output {row} are further apart than the tolerance")),
    }
}
