//! Reading, atomic writing, printing and limits.

use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use netprove::diagnostic::{Code, Source, Sources};
use netprove::network::{Loader, Program, Rejected, check, check_beside, model};
use netprove::{report, syntax};
use tempfile::NamedTempFile;

use super::Exit;
use super::interrupt::Unfinished;

/// Reads one more byte than a program may have, so that an endless file ends.
const READ_LIMIT: u64 = syntax::MAX_BYTES as u64 + 1;

/// Prints to standard output; a closed pipe is not an error.
pub fn print(bytes: &[u8]) -> u8 {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Exit::Proved.into(),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Proved.into(),
        Err(error) => fail(&format!("standard output: {error}")),
    }
}

/// Says what went wrong outside any `.net` file.
pub fn fail(message: &str) -> u8 {
    // Nothing can be said if standard error is closed too.
    let _ = writeln!(io::stderr(), "error: {message}");
    Exit::Wrong.into()
}

/// Something to know that is no mistake.
pub fn note(message: &str) {
    let _ = writeln!(io::stderr(), "note: {message}");
}

/// Writes a file whole or not at all.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_by(path, |out| out.write_all(bytes))
}

/// The same, by what `fill` writes: into a temporary file beside it, then renamed.
pub fn write_by(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // What a link leads to is written, not the link; and a device or a pipe (`/dev/null`) is never replaced.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if is_device(path) {
        let mut out = io::BufWriter::new(fs::OpenOptions::new().write(true).open(path)?);
        return fill(&mut out).and_then(|()| out.flush());
    }
    let (mut file, watch) = temporary(path)?;
    let mut out = io::BufWriter::new(&mut file);
    fill(&mut out)?;
    out.flush()?;
    drop(out);
    file.as_file().sync_all()?;
    let mode = fs::metadata(path).map(|m| m.permissions()).ok();
    watch.finish(|| file.persist(path)).map_err(|e| e.error)?;
    let permissions = match mode {
        Some(permissions) => permissions,
        None => default_permissions()?,
    };
    fs::set_permissions(path, permissions)
}

fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir())
}

/// A temporary file beside what is to be written at a path; where that is a device, anywhere.
pub fn temporary(path: &Path) -> io::Result<(NamedTempFile, Unfinished)> {
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".netprove-");
    if is_device(path) {
        return Unfinished::create(|| builder.tempfile());
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Asked first, because the temporary file's name in a message would be of no use.
    if !fs::metadata(folder)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Unfinished::create(|| builder.tempfile_in(folder))
}

/// What an ordinary new file gets: temporary files are private to their owner.
#[cfg(unix)]
fn default_permissions() -> io::Result<fs::Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn default_permissions() -> io::Result<fs::Permissions> {
    Ok(tempfile::NamedTempFile::new()?.as_file().metadata()?.permissions())
}

/// Files, with each directory replaced by its `.net` files in order of their names.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut expanded = Vec::new();
    for path in paths {
        if !path.is_dir() {
            expanded.push(path.clone());
            continue;
        }
        let entries = fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut inside: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        inside.retain(|file| file.extension().is_some_and(|e| e == "net") && file.is_file());
        if inside.is_empty() {
            return Err(format!("{}: a directory without `.net` files", path.display()));
        }
        inside.sort();
        expanded.extend(inside);
    }
    Ok(expanded)
}

/// Reads a file, or standard input for `-`.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    read_first(path, READ_LIMIT)
}

/// The same, but no more than the first `limit` bytes.
pub fn read_first(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let result = if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    result.map(|_| bytes).map_err(|e| e.to_string())
}

/// Reads and checks a program; its mistakes are printed.
pub fn load(path: &Path, memory: u64) -> Result<(Program, Vec<u8>), Exit> {
    load_beside(None, path, memory)
}

/// The same, for a program that is compared with another.
pub fn load_beside(other: Option<&Program>, path: &Path, memory: u64) -> Result<(Program, Vec<u8>), Exit> {
    let name = path.display().to_string();
    if path.extension().is_some_and(|e| e == "onnx") {
        return load_model(other, path, memory);
    }
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(reason) => {
            fail(&format!("{name}: {reason}"));
            return Err(Exit::Wrong);
        }
    };
    let text = match syntax::decode(bytes.clone(), 0) {
        Ok(text) => text,
        Err(mistake) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let sources = Sources { files: vec![Source { name, text }] };
            return Err(reject(&Rejected { sources, diagnostics: vec![mistake] }));
        }
    };
    let source = Source { name, text };
    let checked = match other {
        None => check(source, &Disk, memory),
        Some(other) => check_beside(other, source, &Disk, memory),
    };
    match checked {
        Ok(program) => Ok((program, bytes)),
        Err(rejected) => Err(reject(&rejected)),
    }
}

/// Reads a model; its mistakes are printed.
fn load_model(other: Option<&Program>, path: &Path, memory: u64) -> Result<(Program, Vec<u8>), Exit> {
    let name = path.display().to_string();
    let bytes = read_up_to(path, memory).map_err(|reason| {
        fail(&format!("{name}: {reason}"));
        Exit::Wrong
    })?;
    match model(other, &name, &bytes, &Disk, memory) {
        Ok(program) => Ok((program, bytes)),
        Err(rejected) => Err(reject(&rejected)),
    }
}

/// Prints diagnostics; a program that is only too large is not wrong.
pub fn reject(rejected: &Rejected) -> Exit {
    let color = use_color(io::stderr().is_terminal());
    let text = report::diagnostics::render(&rejected.diagnostics, &rejected.sources, color);
    let _ = write!(io::stderr(), "{text}");
    let too_large = rejected.diagnostics.iter().all(|d| d.code == Code::MemoryLimit);
    if too_large { Exit::Undecided } else { Exit::Wrong }
}

/// Whether to colour: only on a terminal, and not with `NO_COLOR` set (<https://no-color.org>).
pub fn use_color(terminal: bool) -> bool {
    terminal
        && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
        && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
}

/// Imports from the file system, relative to the importing file.
struct Disk;

impl Loader for Disk {
    fn load(&self, from: &str, path: &str) -> Result<Source, String> {
        let folder = Path::new(from).parent().unwrap_or(Path::new("")).to_path_buf();
        let path: PathBuf = folder.join(path);
        // One name for one file, so that a cycle is seen however it is spelt.
        let path = path.canonicalize().map_err(|e| e.to_string())?;
        let bytes = read(&path)?;
        let text = syntax::decode(bytes, 0).map_err(|m| m.message)?;
        let here = std::env::current_dir().and_then(|d| d.canonicalize()).unwrap_or_default();
        let name = path.strip_prefix(&here).unwrap_or(&path).display().to_string();
        Ok(Source { name, text })
    }

    fn bytes(&self, from: &str, path: &str, confined: bool, limit: u64) -> Result<Vec<u8>, String> {
        let folder = Path::new(from).parent().unwrap_or(Path::new("")).to_path_buf();
        let file = folder.join(path).canonicalize().map_err(|e| e.to_string())?;
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
        if confined && !folder.canonicalize().is_ok_and(|folder| file.starts_with(folder)) {
            return Err("it lies outside of the model's folder".into());
        }
        read_up_to(&file, limit)
    }
}

/// The bytes of a file that has at most `limit` of them.
pub fn read_up_to(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let file = fs::File::open(path).map_err(|e| e.to_string())?;
    let too_large = || format!("it has more than {limit} bytes, the memory limit; raise it with `--memory`");
    if file.metadata().is_ok_and(|m| m.len() > limit) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > limit { Err(too_large()) } else { Ok(bytes) }
}

/// `A..B`: the numbers from A to B − 1.
pub fn parse_range(text: &str) -> Result<Range<usize>, String> {
    let (first, end) = text.split_once("..").ok_or("write A..B: the outputs from A to B - 1, counted from 0")?;
    let number = |digits: &str| digits.parse::<usize>().map_err(|_| format!("`{digits}` is not a whole number"));
    let range = number(first)?..number(end)?;
    if range.is_empty() { Err(format!("{text} is empty: B must be more than A")) } else { Ok(range) }
}

/// `512M`, `8G`, `100000`: bytes.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        other => return Err(format!("`{other}` is not a unit: write K, M, G or T")),
    };
    let number: u64 = digits.parse().map_err(|_| "write a whole number and a unit, such as 512M".to_string())?;
    number.checked_mul(unit).filter(|&n| n > 0).ok_or_else(|| "the size is out of range".to_string())
}

/// Half of the machine's memory; 4 GiB where that cannot be read.
pub fn half_of_memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total =
        text.lines().find_map(|l| l.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    total.map_or(4 << 30, |kib| kib * 512)
}
