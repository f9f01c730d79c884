//! The wire format of protocol buffers: fields, each a number and a value, nothing copied.
//!
//! <https://protobuf.dev/programming-guides/encoding/>. Lengths are checked against the bytes that
//! are left, so a damaged file is refused and never allocated for.

use super::super::Refusal;

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// An integer, a truth value or the number of an enum's variant.
    Varint(u64),
    /// Eight bytes.
    Fixed64([u8; 8]),
    /// Four bytes.
    Fixed32([u8; 4]),
    /// A string, bytes, a message, or packed numbers.
    Bytes(&'a [u8]),
}

fn cut() -> Refusal {
    Refusal::damaged("the file is cut off, or is no ONNX model")
}

/// Cuts a varint off the front.
fn varint(bytes: &mut &[u8]) -> Result<u64, Refusal> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or_else(cut)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(cut())
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Result<&'a [u8], Refusal> {
    let length = usize::try_from(length).map_err(|_| cut())?;
    let (head, rest) = bytes.split_at_checked(length).ok_or_else(cut)?;
    *bytes = rest;
    Ok(head)
}

/// Calls `visit` with every field of a message, in order.
///
/// # Errors
/// If the bytes are no message, or `visit` refuses one.
pub fn fields<'a>(
    mut bytes: &'a [u8],
    mut visit: impl FnMut(u64, Value<'a>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut bytes)?),
            1 => Value::Fixed64(take(&mut bytes, 8)?.try_into().map_err(|_| cut())?),
            2 => {
                let length = varint(&mut bytes)?;
                Value::Bytes(take(&mut bytes, length)?)
            }
            5 => Value::Fixed32(take(&mut bytes, 4)?.try_into().map_err(|_| cut())?),
            _ => return Err(cut()),
        };
        visit(key >> 3, value)?;
    }
    Ok(())
}

impl<'a> Value<'a> {
    /// Bytes or a message.
    pub fn bytes(self) -> Result<&'a [u8], Refusal> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(cut()),
        }
    }

    /// Text.
    pub fn text(self) -> Result<&'a str, Refusal> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Refusal::damaged("a name is not UTF-8 text"))
    }

    /// A signed integer.
    pub fn integer(self) -> Result<i64, Refusal> {
        match self {
            Value::Varint(value) => Ok(value.cast_signed()),
            _ => Err(cut()),
        }
    }

    /// Adds one integer, or all packed ones, to a list.
    pub fn integers(self, list: &mut Vec<i64>) -> Result<(), Refusal> {
        match self {
            Value::Bytes(mut packed) => {
                while !packed.is_empty() {
                    list.push(varint(&mut packed)?.cast_signed());
                }
                Ok(())
            }
            one => {
                list.push(one.integer()?);
                Ok(())
            }
        }
    }

    /// Adds the bytes of one number of a fixed size, or of all packed ones, to a list.
    pub fn fixed(self, list: &mut Vec<u8>) -> Result<(), Refusal> {
        match self {
            Value::Bytes(packed) => list.extend(packed),
            Value::Fixed32(one) => list.extend(one),
            Value::Fixed64(one) => list.extend(one),
            Value::Varint(_) => return Err(cut()),
        }
        Ok(())
    }
}

/// A message being written.
#[derive(Clone, Debug, Default)]
pub struct Message(Vec<u8>);

impl Message {
    /// The encoded fields.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    /// Adds an integer.
    pub fn integer(mut self, field: u64, value: i64) -> Message {
        self.varint(field << 3);
        self.varint(value.cast_unsigned());
        self
    }

    /// Adds a float.
    pub fn float(mut self, field: u64, value: f32) -> Message {
        self.varint(field << 3 | 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Adds text, bytes or a message.
    pub fn bytes(mut self, field: u64, value: impl AsRef<[u8]>) -> Message {
        let value = value.as_ref();
        self.varint(field << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }
}
