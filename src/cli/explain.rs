//! `netprove explain NAME`

use netprove::report::explain::explain;

use super::files;

/// Prints what a name means.
pub fn run(name: &str) -> u8 {
    match explain(name) {
        Ok(text) => files::print(text.as_bytes()),
        Err(message) => files::fail(&message),
    }
}
