//! Just enough of the ZIP format (APPNOTE 6.3) for `.npz`: entries that are stored or deflated.

use super::{Refusal, read};

/// One entry of an archive.
pub(super) struct Entry<'z> {
    /// Its name.
    pub name: &'z str,
    method: u16,
    checksum: u32,
    packed: u32,
    unpacked: u32,
    /// Where its local header is.
    header: u32,
}

const END: &[u8] = b"PK\x05\x06";
const DIRECTORY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// The entries that the archive's directory lists.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<Entry<'_>>, Refusal> {
    let damaged =
        || Refusal::damaged("this is not a whole zip archive").help("it may have been cut off: write it again");
    // The end record is last, but for a comment of at most 65,535 bytes.
    let tail = bytes.len().saturating_sub(22 + 65_535);
    let end = bytes[tail..].windows(4).rposition(|w| w == END).ok_or_else(damaged)? + tail;
    let u16_at = |at: usize| read(bytes, at).map(u16::from_le_bytes).ok_or_else(damaged);
    let u32_at = |at: usize| read(bytes, at).map(u32::from_le_bytes).ok_or_else(damaged);
    let (count, mut at) = (u16_at(end + 10)?, u32_at(end + 16)? as usize);
    if count == u16::MAX || at == u32::MAX as usize {
        return Err(Refusal::unsupported("zip archives of 4 GiB or more are not read"));
    }
    let mut entries = Vec::new();
    for _ in 0..count {
        if bytes.get(at..at + 4) != Some(DIRECTORY) {
            return Err(damaged());
        }
        let lengths = [u16_at(at + 28)?, u16_at(at + 30)?, u16_at(at + 32)?].map(usize::from);
        let name = bytes.get(at + 46..at + 46 + lengths[0]).ok_or_else(damaged)?;
        let name = std::str::from_utf8(name).map_err(|_| damaged())?;
        let (method, checksum) = (u16_at(at + 10)?, u32_at(at + 16)?);
        let (packed, unpacked, header) = (u32_at(at + 20)?, u32_at(at + 24)?, u32_at(at + 42)?);
        entries.push(Entry { name, method, checksum, packed, unpacked, header });
        at += 46 + lengths.iter().sum::<usize>();
    }
    Ok(entries)
}

impl Entry<'_> {
    /// The entry's bytes, unpacked, and checked against its checksum.
    pub(super) fn unpack(&self, bytes: &[u8], memory: u64) -> Result<Vec<u8>, Refusal> {
        let damaged = |what: &str| Refusal::damaged(format!("the entry `{}` {what}", self.name));
        let cut = || damaged("is cut off");
        let at = self.header as usize;
        if bytes.get(at..at.saturating_add(4)) != Some(LOCAL) {
            return Err(cut());
        }
        let length = |at: usize| read(bytes, at).map(|b| usize::from(u16::from_le_bytes(b))).ok_or_else(cut);
        let start = at + 30 + length(at + 26)? + length(at + 28)?;
        let packed = start.checked_add(self.packed as usize).and_then(|end| bytes.get(start..end)).ok_or_else(cut)?;
        if u64::from(self.unpacked) > memory {
            return Err(damaged("is larger than the memory limit").help("raise the limit with `--memory`"));
        }
        let data = match self.method {
            0 => packed.to_vec(),
            8 => miniz_oxide::inflate::decompress_to_vec_with_limit(packed, self.unpacked as usize)
                .map_err(|_| damaged("cannot be unpacked"))?,
            _ => return Err(Refusal::unsupported(format!("the entry `{}` is packed in an unusual way", self.name))),
        };
        if data.len() != self.unpacked as usize || crc32(&data) != self.checksum {
            return Err(damaged("does not match its checksum"));
        }
        Ok(data)
    }
}

/// An archive of stored entries.
pub(super) fn archive(files: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in files {
        let (size, at) = (u32::try_from(data.len()).ok()?, u32::try_from(bytes.len()).ok()?);
        let mut common = Vec::new();
        // Version 2.0, no flags, stored, 1 January 1980.
        for field in [20_u16, 0, 0, 0, 0x21] {
            common.extend(field.to_le_bytes());
        }
        for field in [crc32(data), size, size] {
            common.extend(field.to_le_bytes());
        }
        common.extend(u16::try_from(name.len()).ok()?.to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        bytes.extend([LOCAL, &common, name.as_bytes(), data].concat());
        // No comment, first disk, no attributes.
        directory.extend([DIRECTORY, &20_u16.to_le_bytes(), &common, &[0; 10]].concat());
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (count, size) = (u16::try_from(files.len()).ok()?, u32::try_from(directory.len()).ok()?);
    let at = u32::try_from(bytes.len()).ok()?;
    bytes.extend(directory);
    bytes.extend([END, &[0; 4], &count.to_le_bytes(), &count.to_le_bytes()].concat());
    bytes.extend([&size.to_le_bytes()[..], &at.to_le_bytes(), &[0; 2]].concat());
    Some(bytes)
}

/// The checksum of ISO 3309, with the polynomial 0xEDB88320.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut i = 0;
        while i < 256 {
            let (mut entry, mut bit) = (i as u32, 0);
            while bit < 8 {
                entry = if entry & 1 == 1 { entry >> 1 ^ 0xEDB8_8320 } else { entry >> 1 };
                bit += 1;
            }
            table[i] = entry;
            i += 1;
        }
        table
    };
    let step = |crc: u32, &byte: &u8| TABLE[usize::from(crc.to_le_bytes()[0] ^ byte)] ^ crc >> 8;
    !bytes.iter().fold(!0, step)
}
