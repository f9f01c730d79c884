//! netprove: a symbolic algebra verifier for neural networks.
//!
//! From text to theorem, one type a stage; each module knows only those above it in this table,
//! [`algebra`] stands under all of them, and [`report`] prints what was decided and decides nothing.
//!
//! | stage | from → to | module |
//! |---|---|---|
//! | parse | text → syntax tree, or every mistake | [`syntax`], by `grammar/net.pest` |
//! | check | tree → [`network::Network`]: a graph of [`layer`]s with shapes and exact weights | [`network`] |
//! | lower | layer → exact operator that knows its structure | [`toeplitz`] |
//! | collapse | graph of operators → one exact affine map | [`collapse`] |
//! | decide | network → verdict with its evidence | [`decide`] |
//! | certify | findings → certificate, for the independent checker | [`certificate`] |
//! | report | verdict → text, JSON, files | [`report`] |
//!
//! ```
//! use netprove::algebra::Integer;
//! use netprove::collapse::Region;
//! use netprove::decide::{Verdict, prove};
//! use netprove::diagnostic::Source;
//! use netprove::network::{NoImports, check};
//! use netprove::report::{self, Detail, text};
//!
//! let text = "
//!     let blur = [[1, 2, 1], [2, 4, 2], [1, 2, 1]] / 16
//!     network stack(x: 1x4x4) { conv(blur, pad=1); conv(blur, pad=1) }
//!     network elbow(x: 1x4x4) { conv(blur, pad=1); maxpool(2) }
//! ";
//! let memory = 1 << 30; // bytes that any one matrix may take
//!
//! // Parse and check: names, shapes and weights, or a list of diagnostics.
//! let source = Source { name: "example.net".into(), text: text.into() };
//! let program = check(source, &NoImports, memory).expect("no mistakes");
//! let [stack, elbow] = program.networks.as_slice() else { panic!("two networks") };
//!
//! // Lower and collapse: two convolutions are one 16×16 matrix over 16².
//! let map = Region::<Integer>::whole(stack).expect("only affine layers").collapse(memory).expect("it fits");
//! assert_eq!((map.matrix.rows(), map.matrix.columns()), (16, 16));
//! assert_eq!(map.denominator(), 256.into());
//! // No such matrix exists where a layer is not affine.
//! assert!(Region::<Integer>::whole(elbow).is_none());
//!
//! // Decide: a verdict, with evidence that can be checked again.
//! let findings = prove(&program, memory);
//! assert_eq!(findings.networks[0].decision.verdict, Verdict::Linear);
//! assert_eq!(findings.networks[1].decision.verdict, Verdict::Nonlinear);
//!
//! // Report: one proof document, here as text.
//! let proof = report::network(elbow, &findings.networks[1], &program, Detail::NORMAL);
//! assert!(text::render(&proof, text::Style { width: 80, color: false }).contains("nonlinear"));
//! ```

pub mod algebra;
pub mod certificate;
pub mod collapse;
pub mod decide;
pub mod diagnostic;
pub mod export;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub mod fault;
pub mod import;
pub mod layer;
pub mod network;
pub mod report;
pub mod syntax;
pub mod toeplitz;
