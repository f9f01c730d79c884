//! The page that leads to the reports of several files.

use super::{escaped, mathml, shell};
use crate::decide::Findings;
use crate::report::proof::{shown_parts, signature};

/// What the index says of one file.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The file's name.
    file: String,
    /// Its page, relative to the index.
    page: String,
    /// Name, signature as a formula, and verdict of each network.
    networks: Vec<(String, String, &'static str)>,
    /// Text and answer of each claim.
    claims: Vec<(String, &'static str)>,
    /// The number of the page's last section, which lists the claims.
    last: usize,
}

impl Entry {
    /// The entry of a file whose report is at `page`.
    pub fn of(findings: &Findings<'_>, file: &str, page: &str) -> Entry {
        let program = findings.program;
        let networks = program.networks.iter().zip(&findings.networks);
        let claims = program.claims.iter().zip(&findings.claims);
        Entry {
            file: file.into(),
            page: page.into(),
            networks: networks.map(|(n, f)| (n.name.clone(), signature(n), f.decision.verdict.word())).collect(),
            claims: claims.map(|(claim, answer)| (claim.text.clone(), answer.status.word())).collect(),
            last: shown_parts(findings),
        }
    }
}

/// The index of several reports: a row a network and a row a claim.
pub fn index(title: &str, entries: &[Entry]) -> String {
    let networks: String = entries.iter().flat_map(network_rows).collect();
    let claims: String = entries.iter().flat_map(claim_rows).collect();
    let count = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    let totals = [
        count(entries.len(), "file"),
        count(entries.iter().map(|e| e.networks.len()).sum(), "network"),
        count(entries.iter().map(|e| e.claims.len()).sum(), "claim"),
    ];
    let mut body = format!("<main id=\"main\">\n<p>{}.</p>\n", totals.join(", "));
    body.push_str(&section("networks", "Networks", &["file", "network", "from → to", "verdict"], &networks));
    if !claims.is_empty() {
        body.push_str(&section("claims", "Claims", &["file", "claim", "answer"], &claims));
    }
    body.push_str("</main>\n");
    shell(title, &body)
}

fn section(id: &str, title: &str, head: &[&str], rows: &str) -> String {
    let head: String = head.iter().map(|t| format!("<th scope=\"col\">{t}</th>")).collect();
    format!(
        "<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{title}</h2><div class=\"scroll\" tabindex=\"0\"><table class=\"data\">\
         <thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></section>\n"
    )
}

fn network_rows(entry: &Entry) -> Vec<String> {
    let row = |(at, (name, signature, verdict)): (usize, &(String, String, &'static str))| {
        let link = format!("{}#part-{}", escaped(&entry.page), at + 1);
        format!(
            "<tr><td><a href=\"{}\">{}</a></td><td><a href=\"{link}\"><code>{}</code></a></td><td><math>{}</math></td>\
             <td><span class=\"answer {verdict}\">{verdict}</span></td></tr>\n",
            escaped(&entry.page),
            escaped(&entry.file),
            escaped(name),
            mathml(signature)
        )
    };
    entry.networks.iter().enumerate().map(row).collect()
}

fn claim_rows(entry: &Entry) -> Vec<String> {
    let row = |(text, answer): &(String, &'static str)| {
        format!(
            "<tr><td><a href=\"{}\">{}</a></td><td><a href=\"{}#part-{}\"><code>{}</code></a></td>\
             <td><span class=\"answer {answer}\">{answer}</span></td></tr>\n",
            escaped(&entry.page),
            escaped(&entry.file),
            escaped(&entry.page),
            entry.last,
            escaped(text)
        )
    };
    entry.claims.iter().map(row).collect()
}
