//! What one network is: affine, with a map; linear; or not.

use std::collections::BTreeMap;

use num_traits::{One, Signed, Zero};

use super::{Checked, Context, Span, apart, plus};
use crate::form::{CONSTANT, Form, Forms, minus};
use crate::layer::{ONE, wrong};
use crate::network::Network;
use crate::number::{Int, Poly, Rat, Symbol};
use crate::rows::Moduli;
use crate::text::{Fields, Json};
use crate::value::{Vector, evaluate};

/// A stated map: for each row its entries by variable, the constant first, over one denominator.
pub struct Map {
    pub(super) rows: Vec<Form>,
    pub(super) denominator: Int,
}

impl Context {
    /// `affine_map` by `composition`. Every live layer is affine, so each output row is found by
    /// substitution ([`crate::rows`]) and compared with the stated one, entry by entry. If all agree,
    /// f(x) = Mx + b for all x.
    pub(super) fn composed(&self, network: &Network, map: &Map) -> Checked {
        plainly_affine(network)?;
        let mut largest = Int::zero();
        for (_, entry) in map.rows.iter().flatten() {
            let Some(entry) = entry.as_integer() else { return wrong("an entry of the map is no number") };
            largest = largest.max(entry.abs());
        }
        let moduli = Moduli::new(&[network], &Rat::new(largest, map.denominator.clone()), &map.denominator)?;
        match moduli.difference(&[(network, 1)], (&map.rows, &map.denominator), &self.work)? {
            None => Ok(()),
            Some((row, column)) => wrong_entry(row, column, network),
        }
    }

    /// `affine_map` by `normal_form`. Every output is rewritten, by steps that keep its value on the
    /// domain for all values of the symbols ([`crate::form`]), into an affine form over the inputs.
    /// If it is the stated one, f(x) = Mx + b.
    pub(super) fn normal_form(&self, network: &Network, map: &Map) -> Checked {
        map.is(network, &Forms::new(network, &[], &self.work).of(network)?)
    }

    /// `affine_map` by `regions`: on every region of a proof by cases ([`crate::region`]) the outputs are the
    /// stated ones.
    pub(super) fn map_by_regions(&self, network: &Network, map: &Map, e: &Fields<'_>) -> Checked {
        let (program, tree) = self.program(network, None, e)?;
        program.walk(tree, &network.bounds(), &mut |outputs| map.is(network, outputs), &self.work)
    }

    /// `not_affine` by `witness`. An affine f satisfies f(p + x + y) + f(p) = f(p + x) + f(p + y). Here
    /// the bounds of both sides have no number in common, with all four points in the domain.
    pub(super) fn witness(&self, network: &Network, e: &Fields<'_>) -> Checked {
        let list = |name: &str| e.get(name)?.rationals();
        let (p, x, y) = (list("base")?, list("x")?, list("y")?);
        let (px, py) = (plus(&p, &x)?, plus(&p, &y)?);
        let points = [(1, plus(&px, &y)?), (1, p), (-1, px), (-1, py)];
        let points = points.map(|(sign, point)| (Rat::from_integer(sign.into()), point));
        apart(&self.combination(network, e, &points)?, &Rat::zero())
    }

    /// `not_linear`, `not_homogeneous` and, for a ≥ 0, `not_positively_homogeneous` by `homogeneity`. A linear f
    /// satisfies f(a·x) = a·f(x); here it does not, with x and a·x in the domain.
    pub(super) fn homogeneity(&self, network: &Network, only_positive: bool, e: &Fields<'_>) -> Checked {
        let (x, factor) = (e.get("x")?.rationals()?, e.get("factor")?.rational()?);
        if only_positive && factor.is_negative() {
            return wrong("the factor is negative");
        }
        let multiple = (Rat::one(), x.iter().map(|v| v * &factor).collect());
        apart(&self.combination(network, e, &[multiple, (-factor, x)])?, &Rat::zero())
    }

    /// `not_linear` by `constant`. By an earlier theorem f(x) = Mx + b, so f(a·x) − a·f(x) = (1 − a)·b. Here that is
    /// not 0, with x and a·x in the domain.
    pub(super) fn constant(&self, index: usize, e: &Fields<'_>) -> Checked {
        let (network, map) = (&self.networks[index], self.map_of(index, e)?);
        let (x, factor) = (e.get("x")?.rationals()?, e.get("factor")?.rational()?);
        self.point(network, &x)?;
        self.point(network, &x.iter().map(|v| v * &factor).collect::<Vec<_>>())?;
        let values = self.values(e.get("symbols")?, &[])?;
        let Some(row) = map.rows.get(e.get("output")?.size()?) else { return wrong("there is no such output") };
        let constant = row.iter().find(|(v, _)| *v == CONSTANT).map(|(_, c)| c.bounds(&|s| values.get(&s).cloned()));
        let Some((low, high)) = constant.unwrap_or_else(|| Some(Span::default())) else {
            return wrong("a symbol has no value");
        };
        let rest = Rat::one() - factor;
        let (a, b) = (&low * &rest, &high * &rest);
        apart(&(a.clone().min(b.clone()), a.max(b)), &Rat::zero())
    }

    /// `linear` by `structure`. Affine as above, and f(0) = 0: no layer adds a constant, or f is evaluated
    /// at 0. Where an input is one number c ≠ 0 on the domain, b = (b/c)·c is linear in it.
    pub(super) fn linear_layers(&self, network: &Network) -> Checked {
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
}

impl Map {
    pub(super) fn read(network: &Network, json: &Json, symbols: &[Symbol]) -> Checked<Map> {
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

    /// The rows as numbers, by variable.
    pub(super) fn numbers(&self) -> Checked<Vec<Vec<(usize, Rat)>>> {
        let over = Rat::new(Int::one(), self.denominator.clone());
        let row = |row: &Form| row.iter().map(|(v, c)| Some((*v, c.as_number()? * &over))).collect::<Option<_>>();
        let rows = self.rows.iter().map(row).collect::<Option<_>>();
        rows.map_or_else(|| wrong("an entry of the map is no number"), Ok)
    }

    /// Whether these forms are the map's rows. An input that is one number is a constant on both sides.
    pub(super) fn is(&self, network: &Network, found: &[Form]) -> Checked {
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

pub(super) fn wrong_entry(row: usize, column: usize, network: &Network) -> Checked {
    match column == network.columns() {
        true => wrong(format!("row {row} of the map is wrong in the constant")),
        false => wrong(format!("row {row} of the map is wrong in column {column}")),
    }
}

/// `affine` by `structure`. Every live layer is affine in its operands, whatever the symbols are, and
/// affine maps compose.
pub(super) fn affine_layers(network: &Network) -> Checked {
    if network.is_affine() { Ok(()) } else { wrong("a layer is not affine") }
}

/// Whether rows can be found by substitution, and are unique: inputs that are one number would make others equal.
pub(super) fn plainly_affine(network: &Network) -> Checked {
    match network.is_affine() && !network.is_symbolic() && !network.is_pinned() {
        true => Ok(()),
        false => wrong("a layer is not affine, or its weights or inputs are not plain numbers"),
    }
}

/// Whether no layer adds a constant other than the polynomial 0.
pub(super) fn adds_nothing(network: &Network) -> bool {
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
pub(super) fn no_constants(network: &Network) -> Checked {
    if adds_nothing(network) { Ok(()) } else { wrong("a layer adds a constant, or is smooth") }
}
