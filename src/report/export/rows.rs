//! Rows of a collapsed map as a file of its own, `.rows`: what is computed is written row by row, and
//! the rows of several such files are joined.
//!
//! The first line is a JSON object ([`Heading`]). Then comes one line a row: the constant, then
//! `column:entry` for the entries that are not 0, columns ascending; all of them hexadecimal
//! numerators over the heading's denominator. The last line is the SHA-256 of everything before it.

use std::io::{self, BufRead, Write};
use std::ops::Range;

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_traits::{One, Signed, Zero};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::hexadecimal;
use crate::algebra::{Integer, Rational, Shape, Tensor, content, ratio};
use crate::collapse::MapRow;
use crate::network::Network;

const FORMAT: &str = "netprove-rows/1";

/// What the rows are of; equal, but for `outputs`, in all parts of one map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    format: String,
    /// The network's name.
    pub network: String,
    /// The SHA-256 of the files that the network was read from.
    sources_sha256: String,
    /// The inputs, in order.
    pub inputs: Vec<InputHeading>,
    /// The shape of all outputs.
    pub output_shape: Vec<usize>,
    /// The outputs whose rows are here, flat: from the first one to the last one, exclusive.
    pub outputs: [usize; 2],
    /// The columns: entries of all inputs.
    pub columns: usize,
    /// The denominator of every number, hexadecimal; not always the least.
    denominator: String,
}

/// An input's name, shape, and, if it has one, its domain: two exact numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputHeading {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The closed interval of every entry.
    pub domain: Option<[String; 2]>,
}

impl Heading {
    /// Of some rows of a network's map, over a denominator.
    pub fn new(network: &Network, sources_sha256: String, outputs: Range<usize>, denominator: &Integer) -> Heading {
        let inputs = network.inputs.iter().map(|input| InputHeading {
            name: input.name.clone(),
            shape: input.shape.axes().to_vec(),
            domain: input.domain.as_ref().map(|(low, high)| [low.to_string(), high.to_string()]),
        });
        Heading {
            format: FORMAT.into(),
            network: network.name.clone(),
            sources_sha256,
            inputs: inputs.collect(),
            output_shape: network.output_shape().axes().to_vec(),
            outputs: [outputs.start, outputs.end],
            columns: network.input_elements(),
            denominator: hexadecimal(denominator),
        }
    }

    /// How many outputs the network has.
    pub fn all_outputs(&self) -> usize {
        self.output_shape.iter().product()
    }

    fn check(&self) -> Result<Integer, String> {
        if self.format != FORMAT {
            return Err(format!("its format is `{}`, but this version reads `{FORMAT}`", self.format));
        }
        let shapes = self.inputs.iter().map(|i| &i.shape).chain([&self.output_shape]);
        let shapes: Result<Vec<Shape>, _> = shapes.map(|axes| Shape::new(axes.clone())).collect();
        let shapes = shapes.map_err(|e| format!("a shape in its first line is wrong: {e}"))?;
        let columns: usize = shapes[..self.inputs.len()].iter().map(Shape::elements).sum();
        let [first, end] = self.outputs;
        if columns != self.columns || first >= end || end > self.all_outputs() {
            return Err("the sizes in its first line contradict each other".into());
        }
        let denominator = parse(&self.denominator).filter(Integer::is_positive);
        denominator.ok_or_else(|| "the denominator in its first line is not a positive number".into())
    }
}

/// Writes a `.rows` file.
pub struct Writer<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Writer<W> {
    /// Begins with the heading.
    pub fn new(out: W, heading: &Heading) -> io::Result<Writer<W>> {
        let mut writer = Writer { out, hash: Sha256::new() };
        let line = serde_json::to_string(heading).map_err(io::Error::other)?;
        writer.line(&line)?;
        Ok(writer)
    }

    /// The next row.
    pub fn row(&mut self, row: &MapRow) -> io::Result<()> {
        let mut line = hexadecimal(&row.constant);
        for (column, n) in &row.entries {
            line.push_str(&format!(" {column}:{}", hexadecimal(n)));
        }
        self.line(&line)
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        self.hash.update(line);
        self.hash.update("\n");
        writeln!(self.out, "{line}")
    }

    /// Ends with the digest.
    pub fn finish(mut self) -> io::Result<W> {
        let digest = digest(self.hash);
        writeln!(self.out, "{digest}")?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn digest(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Opens a file anew; every reading is a pass from its beginning to its end.
pub type Open<'a> = Box<dyn Fn() -> io::Result<Box<dyn BufRead + 'a>> + 'a>;

/// One `.rows` file, checked.
pub struct Part<'a> {
    /// Its first line.
    pub heading: Heading,
    open: Open<'a>,
    limit: u64,
    denominator: Integer,
    /// The constants of its rows.
    constants: Vec<Integer>,
    nonzeros: usize,
    /// The largest absolute value of an entry.
    largest: Integer,
    /// A common divisor of the denominator and of all entries.
    content: Integer,
}

impl<'a> Part<'a> {
    /// Reads a whole file, whose lines are of at most `limit` bytes; what is wrong with it is said in words.
    pub fn read(open: Open<'a>, limit: u64) -> Result<Part<'a>, String> {
        let mut lines = Lines { reader: open().map_err(|e| e.to_string())?, limit, hash: Sha256::new() };
        let first = lines.next()?;
        let heading: Heading = serde_json::from_str(&first)
            .map_err(|_| "it is not a file of rows, as `collapse` writes them".to_string())?;
        let denominator = heading.check()?;
        let [from, to] = heading.outputs;
        let mut part = Part {
            content: denominator.clone(),
            heading,
            open,
            limit,
            denominator,
            constants: Vec::new(),
            nonzeros: 0,
            largest: Integer::zero(),
        };
        for number in from..to {
            let line = lines.next()?;
            let row = part.parse_row(&line).ok_or_else(|| format!("line {}: it is not a row", number - from + 2))?;
            part.content = content(row.entries.iter().map(|(_, n)| n), &part.content);
            part.largest = row.entries.iter().map(|(_, n)| n.abs()).fold(part.largest, Integer::max);
            part.nonzeros += row.entries.len();
            part.constants.push(row.constant);
        }
        let expected = digest(lines.hash.clone());
        let last = lines.next()?;
        match last == expected && lines.at_end()? {
            true => Ok(part),
            false => Err("its last line is not the SHA-256 of the lines before: it is damaged or incomplete".into()),
        }
    }

    fn parse_row(&self, line: &str) -> Option<MapRow> {
        let mut words = line.split(' ');
        let constant = parse(words.next()?)?;
        let mut entries: Vec<(usize, Integer)> = Vec::new();
        for word in words {
            let (column, n) = word.split_once(':')?;
            let column: usize = column.parse().ok()?;
            let n = parse(n).filter(|n| !n.is_zero())?;
            if column >= self.heading.columns || entries.last().is_some_and(|&(last, _)| last >= column) {
                return None;
            }
            entries.push((column, n));
        }
        Some(MapRow { entries, constant })
    }

    fn each_line(&self, visit: &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        let mut lines = Lines { reader: (self.open)()?, limit: self.limit, hash: Sha256::new() };
        let mut next = || lines.next().map_err(io::Error::other);
        next()?;
        let [from, to] = self.heading.outputs;
        (from..to).try_for_each(|_| visit(&next()?))
    }
}

struct Lines<R> {
    reader: R,
    limit: u64,
    hash: Sha256,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<String, String> {
        let mut line = Vec::new();
        let read = io::Read::take(&mut self.reader, self.limit).read_until(b'\n', &mut line);
        read.map_err(|e| e.to_string())?;
        self.hash.update(&line);
        match line.pop() {
            Some(b'\n') => String::from_utf8(line).map_err(|_| "it is not text".into()),
            Some(_) if line.len() as u64 + 1 >= self.limit => Err("a line is longer than the memory allowed".into()),
            _ => Err("it ends too early: it is incomplete".into()),
        }
    }

    fn at_end(&mut self) -> Result<bool, String> {
        self.reader.fill_buf().map(<[u8]>::is_empty).map_err(|e| e.to_string())
    }
}

fn parse(text: &str) -> Option<Integer> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    BigInt::parse_bytes(text.as_bytes(), 16).filter(|_| plain)
}

/// What is done with a row: its number, counted from 0, and its entries `(column, numerator)`.
pub type Visit<'v> = dyn FnMut(usize, &[(usize, Integer)]) -> io::Result<()> + 'v;

/// The rows of a map, or of a run of its outputs, from one part or several: read again from their
/// files whenever they are needed.
pub struct Rows<'a> {
    parts: Vec<Part<'a>>,
    /// What the rows are of; its outputs are those of all parts.
    pub heading: Heading,
    /// How many entries are not 0.
    pub nonzeros: usize,
    /// The largest absolute value of an entry of M.
    pub largest: Rational,
    /// The common denominator of the entries of M, in lowest terms with them.
    pub denominator: Integer,
    /// The constants, flat.
    pub bias: Tensor,
    content: Integer,
    memory: u64,
}

/// Bytes that there are to work with, however little memory is allowed.
const LEAST_MEMORY: u64 = 1 << 24;

impl<'a> Rows<'a> {
    /// Joins parts, in any order, whose outputs follow on one another. Formats that need more than a row at a time
    /// take at most `memory` bytes, or 16 MB, so that small maps are the same files in any memory.
    pub fn join(mut parts: Vec<Part<'a>>, memory: u64) -> Result<Rows<'a>, String> {
        parts.sort_by_key(|part| part.heading.outputs);
        let first = parts.first().ok_or("there are no parts")?;
        let mut heading = first.heading.clone();
        for part in &parts[1..] {
            let [begin, end] = part.heading.outputs;
            if (Heading { outputs: heading.outputs, ..part.heading.clone() }) != heading {
                return Err("the parts are not of one network, from the same files".into());
            }
            match heading.outputs[1] {
                next if next < begin => return Err(format!("the outputs {next}..{begin} are in no part")),
                next if next > begin => return Err(format!("the outputs {begin}..{} are in two parts", next.min(end))),
                _ => heading.outputs[1] = end,
            }
        }
        let shared = parts.iter().fold(first.denominator.clone(), |gcd, part| gcd.gcd(&part.content));
        let constants: Vec<Integer> = parts.iter().flat_map(|part| part.constants.iter().cloned()).collect();
        let shape = Shape::new([constants.len()]).map_err(|e| e.to_string())?;
        let denominator = &first.denominator / &shared;
        let largest = parts.iter().map(|part| part.largest.clone()).max();
        Ok(Rows {
            nonzeros: parts.iter().map(|part| part.nonzeros).sum(),
            largest: ratio(largest.unwrap_or_default(), first.denominator.clone()),
            bias: Tensor::new(shape, constants, first.denominator.clone()),
            denominator,
            content: shared,
            heading,
            parts,
            memory: memory.max(LEAST_MEMORY),
        })
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.heading.outputs[1] - self.heading.outputs[0]
    }

    /// The bytes that a format may take.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// Whether every output of the network is there.
    pub fn is_whole(&self) -> bool {
        self.heading.outputs == [0, self.heading.all_outputs()]
    }

    /// The common denominator of M and b.
    pub fn common_denominator(&self) -> Integer {
        self.denominator.lcm(self.bias.denominator())
    }

    /// Visits the rows in order, each with its number, counted from 0, and its entries over
    /// [`Rows::denominator`].
    pub fn each(&self, visit: &mut Visit<'_>) -> io::Result<()> {
        let mut number = 0;
        self.parts.iter().try_for_each(|part| {
            part.each_line(&mut |line| {
                let row = part.parse_row(line).ok_or_else(|| io::Error::other("the file changed while it was read"))?;
                let mut entries = row.entries;
                if !self.content.is_one() {
                    entries.iter_mut().for_each(|(_, n)| *n /= &self.content);
                }
                number += 1;
                visit(number - 1, &entries)
            })
        })
    }

    /// The rows as one `.rows` file: what one computation of them all would have written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut writer = Writer::new(out, &self.heading)?;
        self.parts.iter().try_for_each(|part| part.each_line(&mut |line| writer.line(line)))?;
        writer.finish().map(|_| ())
    }
}
