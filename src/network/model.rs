//! Models of other formats, as programs of their own and as imports.

use std::path::Path;

use super::constants::Poisoned;
use super::program::{Checker, Loader, Program, Rejected};
use super::symbols::Symbols;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::import::onnx;
use crate::syntax::tree::Name;

/// Reads a model (`.onnx`) as a program without claims: one network for each output of its graph,
/// or one that is called as the file is. `other` is a program that it is compared with.
///
/// # Errors
/// With a listing of the model's graph to point at: if it is damaged, or not supported.
pub fn model(
    other: Option<&Program>,
    name: &str,
    bytes: &[u8],
    loader: &dyn Loader,
    memory: u64,
) -> Result<Program, Rejected> {
    let mut sources = other.map_or_else(Default::default, |other| other.sources.clone());
    let file = u32::try_from(sources.files.len()).unwrap_or(u32::MAX);
    match onnx::read((name, stem(name)), bytes, file, loader, memory) {
        Ok(read) => {
            sources.files.push(read.listing);
            let mut symbols = other.map_or_else(Symbols::default, |other| other.symbols.share());
            symbols.close();
            Ok(Program { sources, networks: read.networks, claims: Vec::new(), symbols })
        }
        Err((listing, diagnostics)) => {
            sources.files.push(listing);
            Err(Rejected { sources, diagnostics })
        }
    }
}

fn stem(name: &str) -> &str {
    Path::new(name).file_stem().and_then(|s| s.to_str()).unwrap_or("model")
}

impl Checker<'_> {
    /// `import "model.onnx" as m`: the network `m`, or `m_OUTPUT` for each of several outputs.
    pub(super) fn import_model(&mut self, path: &str, span: Span, alias: Option<Name>) -> Result<(), Poisoned> {
        let Some(alias) = alias else {
            let mistake = Diagnostic::new(Code::Syntax, span, "an imported model needs a name");
            let name = onnx::identifier(stem(path));
            return Err(self.report(mistake.help(format!("write `import \"{path}\" as {name}`"))));
        };
        let from = self.importing();
        let bytes = match self.loader.bytes(&from, path, false, self.constants.memory()) {
            Ok(bytes) => bytes,
            Err(reason) => {
                self.imported(&alias, None);
                let mistake = Diagnostic::new(Code::Unreadable, span, format!("`{path}` cannot be read"));
                return Err(self.report(mistake.label(reason).note("paths are relative to the file that imports")));
            }
        };
        let file = u32::try_from(self.sources.files.len()).unwrap_or(u32::MAX);
        // External data lies beside the model, which may lie elsewhere than the text.
        let folder = Path::new(&from).parent().unwrap_or(Path::new(""));
        let name = folder.join(path).display().to_string();
        match onnx::read((&name, &alias.text), &bytes, file, self.loader, self.constants.memory()) {
            Ok(read) => {
                self.sources.files.push(read.listing);
                let several = read.networks.len() > 1;
                for mut network in read.networks {
                    if several {
                        network.name = format!("{}_{}", alias.text, network.name);
                    }
                    let name = Name { text: network.name.clone(), span: alias.span };
                    network.span = alias.span;
                    self.imported(&name, Some(network));
                }
                Ok(())
            }
            Err((listing, diagnostics)) => {
                self.sources.files.push(listing);
                self.imported(&alias, None);
                let note = |d: Diagnostic| d.related(span, "imported here");
                self.diagnostics.extend(diagnostics.into_iter().map(note));
                Err(Poisoned)
            }
        }
    }
}
