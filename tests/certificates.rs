//! Certificates: the independent checker accepts those of every example.

mod common;

use std::path::Path;

use netprove::certificate::Certificate;
use netprove::decide::prove;
use netprove::diagnostic::Source;
use netprove::network::{NoImports, check};

const MEMORY: u64 = 1 << 30;

fn certify(name: &str, text: &str) -> Certificate {
    let source = Source { name: name.into(), text: text.into() };
    let program = check(source, &NoImports, MEMORY).unwrap_or_else(|r| panic!("{name}: {:?}", r.diagnostics));
    Certificate::new(&prove(&program, MEMORY), text.as_bytes())
}

/// The examples whose certificates are quick to check without full optimisation: all but All-CNN-C, whose map
/// of 30,720 entries takes 3·10⁹ products of numbers of 400 bits.
fn examples() -> impl Iterator<Item = (String, String)> {
    let read = |path: &Path| (path.display().to_string(), std::fs::read_to_string(path).expect("readable"));
    common::examples().into_iter().filter(|path| !path.ends_with("all_cnn_c.net")).map(move |path| read(&path))
}

#[test]
fn every_example_is_certified_and_accepted() {
    let mut theorems = 0;
    for (name, text) in examples() {
        let certificate = certify(&name, &text);
        assert_eq!(certificate.gaps, [], "{name}");
        let bytes = certificate.to_bytes();
        assert_eq!(bytes, certify(&name, &text).to_bytes(), "{name}: the same bytes");
        let checked = netprove_check::check(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(checked.theorems.len(), certificate.theorems(), "{name}");
        netprove_check::check_source(&checked, text.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(netprove_check::check_source(&checked, b"another file").is_err(), "{name}");
        theorems += checked.theorems.len();
    }
    assert!(theorems >= 100, "{theorems} theorems");
}
