//! Files damaged byte by byte, in every place: a network, a tensor or a diagnostic, and no memory to speak of.
#![allow(clippy::float_arithmetic)]

use std::path::Path;

use netprove::diagnostic::Source;
use netprove::import::{npy, npz, tensor};
use netprove::network::{Loader, model};

const MEMORY: u64 = 1 << 24;

/// The folder of the small models.
struct Folder;

impl Loader for Folder {
    fn load(&self, _: &str, _: &str) -> Result<Source, String> {
        Err("no texts here".into())
    }

    fn bytes(&self, _: &str, path: &str, _: bool, _: u64) -> Result<Vec<u8>, String> {
        std::fs::read(folder().join(path)).map_err(|e| e.to_string())
    }
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx")
}

/// Every file with one byte changed in each of these ways, and every beginning of it.
fn damaged(bytes: &[u8], mut read: impl FnMut(&[u8])) {
    for at in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        for byte in [0x00, 0x7f, 0xff, bytes[at] ^ 0x01, bytes[at] ^ 0x80, bytes[at].wrapping_add(1)] {
            if byte != bytes[at] {
                changed[at] = byte;
                read(&changed);
            }
        }
        read(&bytes[..at]);
    }
    // And with something after it.
    read(&[bytes, &[0xff; 9]].concat());
}

/// The most memory that this process has had, in bytes, where the system says so.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|n| n.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).map_or(0, |n| n << 10)
}

fn weights() -> Vec<(&'static str, Vec<u8>)> {
    let data: Vec<u8> = (0..6_u8).flat_map(|n| (f32::from(n) / 8.0).to_le_bytes()).collect();
    let shape = netprove::algebra::Shape::new([2, 3]).expect("a shape");
    let array = npy::file("<f4", &shape, data.clone());
    let archive = npz::write(vec![("k".into(), array.clone()), ("b".into(), array.clone())]).expect("small");
    let header = r#"{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;
    let safe = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat();
    vec![("w.npy", array), ("w.npz", archive), ("w.safetensors", safe)]
}

#[test]
fn no_damage_does_more_than_be_refused() {
    let before = peak();
    let (mut read, mut accepted) = (0, 0);
    for (name, bytes) in weights() {
        for tensor_name in [None, Some("k")] {
            damaged(&bytes, |bytes| {
                read += 1;
                accepted += usize::from(tensor(name, bytes, tensor_name, MEMORY).is_ok());
            });
        }
    }
    for name in ["cnn", "linear", "attention", "external"] {
        let bytes = std::fs::read(folder().join(format!("{name}.onnx"))).expect("readable");
        damaged(&bytes, |bytes| {
            read += 1;
            match model(None, "m.onnx", bytes, &Folder, MEMORY) {
                Ok(program) => accepted += usize::from(!program.networks.is_empty()),
                Err(rejected) => assert!(!rejected.diagnostics.is_empty()),
            }
        });
    }
    // Changed weights are weights; most other damage is seen.
    assert!(read > 10_000 && accepted > 100 && accepted < read, "{accepted} of {read}");
    let more = peak() - before;
    assert!(more < 256 << 20, "{more} bytes for files of a few hundred");
}
