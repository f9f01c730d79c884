//! Mistakes in what people write: a stable id, the place, what was expected, and what to write.

use std::fmt;

/// A range of bytes in one source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The index of the file in [`Sources`].
    pub file: u32,
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The smallest span that covers both, which must lie in one file.
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// One file's name and text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name as the user gave it; `-` is standard input.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// Every file that a program was read from; the first is the one the user named.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The files, indexed by [`Span::file`].
    pub files: Vec<Source>,
}

impl Sources {
    /// The 1-based line of a span's start.
    pub fn line(&self, span: Span) -> usize {
        let text = self.files.get(span.file as usize).map_or("", |f| f.text.as_str());
        1 + text.bytes().take(span.start).filter(|&b| b == b'\n').count()
    }

    /// The text that a span covers.
    pub fn text(&self, span: Span) -> &str {
        self.files.get(span.file as usize).and_then(|f| f.text.get(span.start..span.end)).unwrap_or("")
    }
}

/// Declares the codes once: the documentation of each is its meaning.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $code:ident,)+) => {
        /// The kind of a mistake. The id is stable: tests, documentation and `netprove explain` use it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $code,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$code,)+];

            /// What it means, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Code::$code => concat!($($doc,)+).trim_ascii(),)+
                }
            }
        }
    };
}

codes! {
    /// The text does not follow the grammar.
    Syntax,
    /// The file is larger than netprove reads.
    FileTooLarge,
    /// The file is not UTF-8.
    NotUtf8,
    /// The file cannot be read.
    Unreadable,
    /// A weight or model file that is damaged, or not of the format that its name says.
    InvalidFile,
    /// Brackets nest too deeply.
    NestedTooDeeply,
    /// `|>` beside an infix operator, where readers disagree about what it means.
    AmbiguousPipe,
    /// A name that nothing defines.
    UnknownName,
    /// A name defined twice.
    DuplicateName,
    /// A layer, function or network that does not exist.
    UnknownLayer,
    /// An argument that the layer does not have.
    UnknownArgument,
    /// An argument given twice.
    DuplicateArgument,
    /// An argument that must be given and is not.
    MissingArgument,
    /// An argument of the wrong kind or value.
    InvalidArgument,
    /// Shapes that do not fit together.
    ShapeMismatch,
    /// A shape with an empty axis or too many elements.
    InvalidShape,
    /// A number that cannot be used: division by zero, too many digits.
    InvalidNumber,
    /// A nested list whose rows differ in length.
    RaggedList,
    /// A value where a constant is needed, or the other way round.
    WrongKind,
    /// A layer with no input, or with several to choose from.
    MissingInput,
    /// A network that calls itself, directly or not.
    RecursiveNetwork,
    /// A file that imports itself, directly or not.
    RecursiveImport,
    /// A network with more layers than netprove builds.
    NetworkTooLarge,
    /// A network with an empty body.
    EmptyNetwork,
    /// A domain `[low, high]` with low > high.
    EmptyDomain,
    /// A constant larger than the memory limit.
    MemoryLimit,
    /// A claim of an unknown property.
    UnknownProperty,
    /// A scale that is not rational.
    IrrationalScale,
    /// Part of the language that this version does not decide yet.
    NotYetSupported,
}

impl Code {
    /// The stable id, e.g. `shape-mismatch`.
    pub fn id(self) -> String {
        let mut id = String::new();
        for (i, c) in format!("{self:?}").chars().enumerate() {
            if c.is_ascii_uppercase() && i > 0 {
                id.push('-');
            }
            id.push(c.to_ascii_lowercase());
        }
        id
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id())
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where, and what is wrong there.
    pub span: Span,
    /// The words beside the underlined text; may be empty.
    pub label: String,
    /// Other places that explain it: "this is 3×8×8".
    pub related: Vec<(Span, String)>,
    /// Facts that help, without a place.
    pub notes: Vec<String>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A mistake at a place.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        let (message, label) = (message.into(), String::new());
        Diagnostic { code, message, span, label, related: Vec::new(), notes: Vec::new(), help: None }
    }

    /// Words beside the underlined text.
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// Another place that explains the mistake.
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.related.push((span, label.into()));
        self
    }

    /// A fact that helps.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// What to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }
}

/// A number of bytes in the largest unit that is not larger, with one decimal: `1536` is `1.5 KiB`.
pub fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let Some((shift, unit)) = units.into_iter().find(|(shift, _)| bytes >> shift > 0) else {
        return format!("{bytes} bytes");
    };
    let (whole, tenth) = (bytes >> shift, ((bytes % (1 << shift)) * 10) >> shift);
    if tenth == 0 { format!("{whole} {unit}") } else { format!("{whole}.{tenth} {unit}") }
}

/// Of `candidates`, the one that a misspelt `name` most likely means: one that begins it or that it
/// begins (`padding`, `pad`), else the nearest within a third of its letters.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    let distance = |candidate: &str| {
        let shorter = name.len().min(candidate.len());
        let begins = shorter >= 3 && (name.starts_with(candidate) || candidate.starts_with(name));
        if begins { 1 } else { strsim::damerau_levenshtein(name, candidate) }
    };
    let nearest = candidates.into_iter().map(|candidate| (distance(candidate), candidate)).min()?;
    (nearest.0 <= limit).then_some(nearest.1)
}
