//! netprove with a fault inside: its lowering, its normal form, its rules or its evidence are wrong in one of many ways,
//! it certifies what it then believes, and the checker must refuse every theorem that is false.

// Release builds have no faults to put in.
#![cfg(debug_assertions)]

mod common;
mod reader;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use common::certificates::{FILES, written};
use netprove::fault::{FAULTS, inject};
use netprove_check::{LIMIT, check_each};
use serde_json::Value;

/// Networks beside [`FILES`] on which faults show.
const MORE: &[(&str, &str)] = &[
    (
        "square kernel",
        "network f(x: 2x5x5) { conv(random(2x2x3x3, seed=1), [1, 2], pad=1); conv(random(1x2x2x2, seed=2), stride=2) }",
    ),
    (
        "borders",
        "network f(x: 1x5x4) { conv(random(3x3, seed=3), pad=1, pad_mode=reflect); conv(random(3x3, seed=4), pad=2, dilation=2) }",
    ),
    (
        "groups",
        "network f(x: 4x3x3) { conv(random(4x1x2x2, seed=5), groups=4, pad=1); conv(random(2x2x1x1, seed=6), groups=2) }",
    ),
    ("mean", "network f(x: 1x4x4) { avgpool(2, stride=1); flatten; dense(random(3x9, seed=7), [1, 0, 2]) }"),
    (
        "image",
        "network f(x: 1x40x40) { conv(random(3x3, seed=8), [3], pad=1); conv(random(3x3, seed=9), pad=1, stride=2) }\nprove f is affine",
    ),
    (
        "equal kernels",
        "network f(x: 1x9) { conv([1, 2, 3]); conv([1, -1]) }\nnetwork g(x: 1x9) { conv([1, 1, 1, -3]) }\nprove f == g",
    ),
    (
        "maxima",
        "network f(x: 1x6) { relu; maxpool(3, stride=1) }\nnetwork g(x: 1x6) { maxpool(3, stride=1); relu }\nnetwork h(x: 1x6) = (x |> scale(3) |> relu) - 3 * (x |> relu)\nprove f == g\nprove h is linear",
    ),
    (
        "weights of both signs",
        "network f(x: 3) { dense([[1, -2, 3], [2, 0, 1]]); relu; dense([[1, -1]]) }\nprove f is monotone\nprove f is convex\nprove f is lipschitz 7",
    ),
    (
        "a law inside",
        "network f(x: 1 in [1, 2]) { output x + (x |> bias(-1) |> relu) - 2 * (x |> bias(-3/2) |> relu) }\nprove f is additive",
    ),
];

#[test]
fn what_a_faulty_netprove_believes_is_refused() {
    let files: Vec<(&str, &str)> = FILES.iter().chain(MORE).copied().collect();
    let right: Vec<Vec<u8>> = files.iter().map(|(name, text)| written(name, text).to_bytes()).collect();
    // What netprove notices itself, by a panic of a test build, is no failure of this test.
    std::panic::set_hook(Box::new(|_| ()));
    let mut table: BTreeMap<&str, [usize; 5]> = BTreeMap::new();
    let mut wrongly = Vec::new();
    for &(fault, name) in FAULTS {
        let row = table.entry(name).or_default();
        for ((file, text), right) in files.iter().zip(&right) {
            inject(Some(fault));
            let found = catch_unwind(AssertUnwindSafe(|| written(file, text).to_bytes()));
            inject(None);
            let Ok(found) = found else {
                row[4] += 1;
                continue;
            };
            if found == *right {
                row[3] += 1;
                continue;
            }
            let results = match check_each(&found, LIMIT) {
                Ok((_, results)) => results,
                Err(why) => panic!("{name}, {file}: networks are written as they are defined: {why}"),
            };
            let all: Value = serde_json::from_slice(&found).expect("JSON");
            for (at, result) in results.iter().enumerate() {
                let mut one = all.clone();
                let theorem = all["theorems"][at].clone();
                one["theorems"] = Value::Array(vec![theorem.clone()]);
                let holds = catch_unwind(AssertUnwindSafe(|| reader::holds(&one))).unwrap_or(Err("panic".into()));
                match (result, holds) {
                    (Err(_), Err(_)) => row[0] += 1,
                    // True, but its evidence is wrong.
                    (Err(_), Ok(())) => row[1] += 1,
                    (Ok(_), Ok(())) => row[2] += 1,
                    (Ok(_), Err(why)) => wrongly.push(format!("{name}, {file}: {}: {why}", theorem["note"])),
                }
            }
        }
    }
    let _ = std::panic::take_hook();
    println!("{:24} false, refused | true, evidence refused | true | unchanged files | noticed by netprove", "fault");
    table.iter().for_each(|(name, [a, b, c, d, e])| println!("{name:24} {a:14} {b:24} {c:6} {d:17} {e:21}"));
    let sum = |column: usize| table.values().map(|row| row[column]).sum::<usize>();
    println!("{} faults: {} false theorems and {} false proofs, all refused", table.len(), sum(0), sum(1));
    assert_eq!(wrongly, [""; 0], "accepted, but false");
    let silent: Vec<_> = table.iter().filter(|(_, row)| row[0] + row[1] + row[4] == 0).map(|(name, _)| name).collect();
    assert!(silent.is_empty(), "faults that show on no file: {silent:?}");
    assert!(sum(0) > 100 && table.len() >= 20, "{table:?}");
}
