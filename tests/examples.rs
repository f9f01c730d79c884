//! Every example proves what its claims say; its witnesses re-evaluate; its layout is standard.

mod common;

use std::path::Path;

use netprove::collapse::Region;
use netprove::decide::{Evidence, search};
use netprove::decide::{Status, prove};
use netprove::diagnostic::Source;
use netprove::network::{NoImports, Program, check};

use common::examples;

const MEMORY: u64 = 1 << 30;

fn program(path: &Path) -> Program {
    let text = std::fs::read_to_string(path).expect("readable");
    let name = path.display().to_string();
    check(Source { name, text }, &NoImports, MEMORY)
        .unwrap_or_else(|r| panic!("{}: {:?}", path.display(), r.diagnostics))
}

#[test]
fn every_claim_of_every_example_is_proved() {
    for path in examples() {
        let program = program(&path);
        let findings = prove(&program, MEMORY);
        assert!(!program.claims.is_empty(), "{}: an example claims something", path.display());
        for (claim, answer) in program.claims.iter().zip(&findings.claims) {
            assert_eq!(answer.status, Status::Proved, "{}: {}", path.display(), claim.text);
        }
    }
}

#[test]
fn the_evidence_of_every_example_holds_up() {
    for path in examples() {
        let program = program(&path);
        let findings = prove(&program, MEMORY);
        for (network, finding) in program.networks.iter().zip(&findings.networks) {
            match &finding.decision.evidence {
                Evidence::Witness(witness, weights) => {
                    let at = network.at(weights);
                    assert!(search::verify(&at, witness), "{}", network.name);
                }
                Evidence::Composition(map) => {
                    let again = Region::whole(network).expect("affine").collapse(MEMORY).expect("small");
                    assert_eq!(map, &again, "{}", network.name);
                }
                Evidence::Image(map) => {
                    let again = Region::whole(network).expect("affine").collapse(MEMORY).expect("small");
                    assert_eq!(map.literal(MEMORY).expect("small"), again, "{}", network.name);
                }
                Evidence::NormalForm(map, _) | Evidence::Regions(map, _) => {
                    assert_eq!(map.matrix.columns(), network.input_elements())
                }
                Evidence::Symbolic(map) | Evidence::SymbolicNormalForm(map, _) => {
                    assert_eq!(map.matrix.columns(), network.input_elements());
                }
                other => panic!("{}: {other:?}", network.name),
            }
        }
    }
}

#[test]
fn every_example_is_laid_out_in_the_standard_way() {
    for path in examples() {
        let text = std::fs::read_to_string(&path).expect("readable");
        assert_eq!(netprove::syntax::format(&text).expect("it parses"), text, "{}", path.display());
    }
}
