//! The document as LaTeX: it compiles as it is with pdfTeX and the packages of a plain TeX Live, and
//! its parts can be pasted into an article that loads amsmath, amssymb, amsthm, graphicx and xcolor.

mod figures;

use num_traits::One;

use super::document::{Block, Document, Grid, Inline, numeric_columns, ticked};
use super::escape::latex as escaped;
use super::math::latex;

const PREAMBLE: &str = r"\documentclass[11pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{textcomp}
\usepackage{amsmath,amssymb,amsthm}
\usepackage{array,graphicx,xcolor}
\usepackage[margin=25mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\allowdisplaybreaks
\emergencystretch=3em
% A statement with the label that every form of the report gives it.
\newcommand{\proofstep}{}
\theoremstyle{plain}
\newtheorem*{claimed}{\proofstep}
\theoremstyle{definition}
\newtheorem*{step}{\proofstep}
% A formula that is made smaller where it is wider than the line.
\newcommand{\fitted}[1]{\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{$\displaystyle #1$}}
\newcommand{\fittedtable}[1]{\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{#1}}
";

/// The documents of one file as one LaTeX document with this title.
pub fn render(title: &str, documents: &[Document]) -> String {
    let mut out = String::from(PREAMBLE);
    out.push_str(&format!(
        "\\title{{{}}}\n\\author{{}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle\n",
        escaped(title)
    ));
    for block in documents.iter().flat_map(|document| &document.blocks) {
        out.push('\n');
        out.push_str(&rendered(block));
    }
    out.push_str("\n\\end{document}\n");
    out
}

fn rendered(block: &Block) -> String {
    match block {
        Block::Title { text, aside } => {
            let aside = if aside.is_empty() { String::new() } else { format!("\n\\texttt{{{}}}\n", escaped(aside)) };
            format!("\\section*{{{}}}\n{aside}", words(text))
        }
        Block::Statement { label, text } => {
            let kind = if ["Theorem", "Lemma"].iter().any(|k| label.starts_with(k)) { "claimed" } else { "step" };
            let text = words(text);
            format!("\\renewcommand{{\\proofstep}}{{{}}}\n\\begin{{{kind}}}\n{text}\n\\end{{{kind}}}\n", escaped(label))
        }
        Block::Paragraph(text) => format!("{}\n", words(text)),
        Block::Formulas(lines) => {
            let lines: Vec<String> = lines.iter().map(|line| aligned(line)).collect();
            format!("\\begin{{align*}}\n{}\n\\end{{align*}}\n", lines.join(" \\\\\n"))
        }
        Block::Grid(grid) => fitted(&elided(grid)),
        Block::Row(grids) => grids.iter().map(|grid| fitted(&elided(grid))).collect(),
        Block::Table { head, rows } => table(head, rows),
        Block::Map(map) => figures::characters(&map.characters()),
        Block::Figure(figure) => figures::figure(figure),
        Block::Qed => "\\hspace*{\\fill}$\\qedsymbol$\n".into(),
    }
}

/// Running text.
fn words(text: &[Inline]) -> String {
    let piece = |inline: &Inline| match inline {
        Inline::Text(words) => escaped(words),
        Inline::Code(written) => format!("\\texttt{{{}}}", escaped(written)),
        Inline::Strong(words) => format!("\\textbf{{{}}}", escaped(words)),
        Inline::Math(formula) => format!("${}$", latex(formula)),
    };
    text.iter().map(piece).collect::<String>().trim().to_string()
}

/// A displayed formula of its own.
fn fitted(formula: &str) -> String {
    format!("\\[\n\\fitted{{{formula}}}\n\\]\n")
}

/// A formula aligned at its first equals sign.
fn aligned(formula: &str) -> String {
    let formula = latex(formula);
    match formula.split_once('=') {
        Some((left, right)) => format!("{left}&={right}"),
        None => format!("&{formula}"),
    }
}

/// Formulas one below the other, for a place where mathematics is displayed.
pub(super) fn display(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| aligned(line)).collect();
    format!("\\begin{{aligned}}\n{}\n\\end{{aligned}}", lines.join(" \\\\\n"))
}

/// Rows or columns past this many are left out in the middle of a matrix.
const MOST: usize = 20;
/// How many are kept before and after what is left out.
const KEPT: (usize, usize) = (8, 4);

/// A grid as a matrix with brackets and block lines; a large one without its middle.
pub(super) fn elided(grid: &Grid) -> String {
    let columns = grid.cells.first().map_or(0, Vec::len);
    let (down, across) = (kept(grid.cells.len()), kept(columns));
    let cell = |r: Option<usize>, c: Option<usize>| match (r, c) {
        (Some(r), Some(c)) => grid.cells[r].get(c).map_or(String::new(), |formula| entry(formula)),
        (Some(_), None) => "\\cdots".into(),
        (None, Some(_)) => "\\vdots".into(),
        (None, None) => "\\ddots".into(),
    };
    let breaks =
        |at: usize, block: usize, total: usize| block > 0 && block < total && at > 0 && at.is_multiple_of(block);
    let bars: String = across
        .iter()
        .map(|c| if c.is_some_and(|c| breaks(c, grid.column_block, columns)) { "|r" } else { "r" })
        .collect();
    let line = |r: &Option<usize>| {
        let cells: Vec<String> = across.iter().map(|c| cell(*r, *c)).collect();
        let rule = r.is_some_and(|r| breaks(r, grid.row_block, grid.cells.len()));
        format!("{}{}", if rule { "\\hline\n" } else { "" }, cells.join(" & "))
    };
    let lines: Vec<String> = down.iter().map(line).collect();
    let name = if grid.name.is_empty() { String::new() } else { format!("{} = ", latex(&grid.name)) };
    let factor = match (grid.factor.is_one(), grid.factor.denom().is_one()) {
        (true, _) => String::new(),
        (_, true) => format!("{}\\,", grid.factor),
        _ => format!("\\tfrac{{{}}}{{{}}}\\,", grid.factor.numer(), grid.factor.denom()),
    };
    let body = lines.join(" \\\\\n");
    format!("{name}{factor}\\left[\\begin{{array}}{{{bars}}}\n{body}\n\\end{{array}}\\right]")
}

/// The rows or columns that are shown; `None` stands for those left out.
fn kept(total: usize) -> Vec<Option<usize>> {
    if total <= MOST {
        return (0..total).map(Some).collect();
    }
    (0..KEPT.0).map(Some).chain([None]).chain((total - KEPT.1..total).map(Some)).collect()
}

/// Zeros are dots, so that the structure is seen.
fn entry(formula: &str) -> String {
    if formula == "0" { "\\cdot".into() } else { latex(formula) }
}

fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let columns: String =
        numeric_columns(head.len(), rows).iter().map(|numeric| if *numeric { 'r' } else { 'l' }).collect();
    let line = |cells: &[String]| cells.iter().map(|cell| words(&ticked(cell))).collect::<Vec<_>>().join(" & ");
    let body: Vec<String> = rows.iter().map(|row| format!("{} \\\\\n", line(row))).collect();
    let table = format!(
        "\\begin{{tabular}}{{{columns}}}\n\\hline\n{} \\\\\n\\hline\n{}\\hline\n\\end{{tabular}}",
        line(head),
        body.concat()
    );
    format!("\\begin{{center}}\n\\fittedtable{{{table}}}\n\\end{{center}}\n")
}
