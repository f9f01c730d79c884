//! The usual layout of a text.
use crate::diagnostic::Diagnostic;
/// placeholder
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let _ = text;
    Ok(String::new())
}
