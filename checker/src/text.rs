//! The certificate's text: JSON without floats, read field by field as in `docs/certificate.md`.
//!
//! Every record is read by [`Json::record`], which refuses fields that are unknown, missing or repeated:
//! nothing stands in a certificate that is not read. Numbers have one spelling.

use std::cell::Cell;
use std::fmt;

use num_traits::{One, Signed};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use sha2::{Digest, Sha256};

use crate::Rejection;
use crate::number::{Int, Rat, gcd};

/// The most bytes that are read.
pub const MAX_BYTES: usize = 1 << 30;
/// The largest size, index or extent: products of two do not overflow.
pub const MAX_SIZE: usize = 1 << 26;
/// The most digits of an integer: reading takes the square of their number.
const MAX_DIGITS: usize = 20_000;
/// The most fields of a record.
const MAX_FIELDS: usize = 32;

/// What a text says.
#[derive(Debug)]
pub enum Json {
    Null,
    Flag(bool),
    Size(u64),
    Text(String),
    List(Vec<Json>),
    Record(Vec<(String, Json)>),
}

/// A record whose fields are read once each.
pub struct Fields<'j> {
    fields: &'j [(String, Json)],
    read: Cell<usize>,
}

type Read<T> = Result<T, Rejection>;

fn unreadable<T>(why: impl Into<String>) -> Read<T> {
    Err(Rejection::Unreadable(why.into()))
}

impl Json {
    /// What `read` makes of a record's fields, if it reads all of them.
    pub fn record<'j, T>(&'j self, read: impl FnOnce(&Fields<'j>) -> Read<T>) -> Read<T> {
        let Json::Record(fields) = self else { return unreadable("a record is missing") };
        let fields = Fields { fields, read: Cell::new(0) };
        let value = read(&fields)?;
        match fields.read.get() == fields.fields.len() {
            true => Ok(value),
            false => unreadable("a record has a field that is not known"),
        }
    }

    pub fn list<'j, T>(&'j self, read: impl FnMut(&'j Json) -> Read<T>) -> Read<Vec<T>> {
        let Json::List(items) = self else { return unreadable("a list is missing") };
        items.iter().map(read).collect()
    }

    /// Two values.
    pub fn pair<A, B>(&self, first: impl Fn(&Json) -> Read<A>, second: impl Fn(&Json) -> Read<B>) -> Read<(A, B)> {
        match self {
            Json::List(items) if items.len() == 2 => Ok((first(&items[0])?, second(&items[1])?)),
            _ => unreadable("a pair is missing"),
        }
    }

    pub fn option<'j, T>(&'j self, read: impl FnOnce(&'j Json) -> Read<T>) -> Read<Option<T>> {
        if matches!(self, Json::Null) { Ok(None) } else { read(self).map(Some) }
    }

    pub fn text(&self) -> Read<&str> {
        if let Json::Text(text) = self { Ok(text) } else { unreadable("a text is missing") }
    }

    pub fn flag(&self) -> Read<bool> {
        if let Json::Flag(flag) = self { Ok(*flag) } else { unreadable("true or false is missing") }
    }

    pub fn whole(&self) -> Read<u64> {
        if let Json::Size(size) = self { Ok(*size) } else { unreadable("a size is missing") }
    }

    pub fn size(&self) -> Read<usize> {
        match usize::try_from(self.whole()?) {
            Ok(size) if size <= MAX_SIZE => Ok(size),
            _ => unreadable(format!("a size is larger than {MAX_SIZE}")),
        }
    }

    pub fn sizes(&self) -> Read<Vec<usize>> {
        self.list(Json::size)
    }

    /// A decimal integer in its one spelling: no sign but `-`, no leading zero, no `-0`.
    pub fn integer(&self) -> Read<Int> {
        integer(self.text()?)
    }

    /// `p` or `p/q` in lowest terms, q > 1.
    pub fn rational(&self) -> Read<Rat> {
        let Some((p, q)) = self.text()?.split_once('/') else { return Ok(self.integer()?.into()) };
        let (p, q) = (integer(p)?, integer(q)?);
        match q > Int::one() && gcd(&p, &q).is_one() {
            true => Ok(Rat::new_raw(p, q)),
            false => unreadable(format!("`{}` is not in lowest terms", brief(self.text()?))),
        }
    }

    pub fn rationals(&self) -> Read<Vec<Rat>> {
        self.list(Json::rational)
    }

    /// A positive integer.
    pub fn denominator(&self) -> Read<Int> {
        let number = self.integer()?;
        if number.is_positive() { Ok(number) } else { unreadable("a denominator is not positive") }
    }
}

impl<'j> Fields<'j> {
    /// A field, which is not read elsewhere.
    pub fn get(&self, name: &str) -> Read<&'j Json> {
        let found = self.fields.iter().find(|(field, _)| field == name);
        self.read.set(self.read.get() + 1);
        found.map_or_else(|| unreadable(format!("the field `{name}` is missing")), |(_, value)| Ok(value))
    }
}

fn brief(text: &str) -> String {
    text.chars().take(40).collect()
}

fn integer(text: &str) -> Read<Int> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = (1..=MAX_DIGITS).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (!digits.starts_with('0') || text == "0");
    let number = if canonical { text.parse().ok() } else { None };
    number.map_or_else(|| unreadable(format!("`{}` is not an integer", brief(text))), Ok)
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a size, a list or a record")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_u64<E>(self, size: u64) -> Result<Json, E> {
        Ok(Json::Size(size))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields: Vec<(String, Json)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Json>()? {
            if fields.len() == MAX_FIELDS || fields.iter().any(|(field, _)| *field == name) {
                return Err(A::Error::custom(format!("the field `{}` is repeated, or one too many", brief(&name))));
            }
            fields.push((name, value));
        }
        Ok(Json::Record(fields))
    }
}

/// Reads a certificate: its text, its version and its seal.
///
/// The seal is the last field, `"sha256": "…"`, of all bytes before it. It finds damage, not malice.
pub fn read(bytes: &[u8]) -> Read<Json> {
    if bytes.len() > MAX_BYTES {
        return unreadable(format!("it has more than {MAX_BYTES} bytes"));
    }
    let json: Json = serde_json::from_slice(bytes).or_else(|e| unreadable(e.to_string()))?;
    let field = |name: &str| match &json {
        Json::Record(fields) => fields.iter().find(|(field, _)| field == name).map(|(_, value)| value),
        _ => None,
    };
    match field("format") {
        Some(Json::Text(format)) if format == "netprove-certificate/1" => {}
        _ => return unreadable("its `format` is not `netprove-certificate/1`"),
    }
    let mark = b"\"sha256\":";
    let body = bytes.windows(mark.len()).rposition(|w| w == mark).map_or(bytes, |at| &bytes[..at]);
    match field("sha256") {
        Some(Json::Text(seal)) if *seal == sha256(body) => Ok(json),
        None => unreadable("it has no seal"),
        _ => Err(Rejection::at("the seal", "`sha256` is not the hash of the bytes before it: the text was changed")),
    }
}

/// The lowercase hexadecimal SHA-256.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
