//! A log as an object: its entries as lines of JSON, compressed by gzip, so that `zcat` shows them. Reading needs no more
//! memory than the object and one entry.

use crate::domain::deployment::KeptEntry;
use bytes::{Buf, Bytes};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{self, BufRead, BufReader, Write};

/// The end of an object's name.
pub const ENDING: &str = "jsonl.gz";

/// Writes a log, entry by entry.
pub struct Writer(GzEncoder<Vec<u8>>);

impl Writer {
    /// An empty log.
    pub fn new() -> Self {
        Self(GzEncoder::new(Vec::new(), Compression::default()))
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// Never in practice: it writes to memory.
    pub fn add(&mut self, entry: &KeptEntry) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, entry)?;
        self.0.write_all(b"\n")
    }

    /// The object.
    ///
    /// # Errors
    /// Never in practice: it writes to memory.
    pub fn finish(self) -> io::Result<Bytes> {
        self.0.finish().map(Bytes::from)
    }
}

/// Reads a log, entry by entry; after an error there is nothing more.
pub struct Entries(Option<BufReader<GzDecoder<bytes::buf::Reader<Bytes>>>>);

impl Entries {
    /// The entries of an object.
    pub fn of(object: Bytes) -> Self {
        Self(Some(BufReader::new(GzDecoder::new(object.reader()))))
    }
}

impl Iterator for Entries {
    type Item = io::Result<KeptEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        let entry = match self.0.as_mut()?.read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => serde_json::from_slice(&line).map_err(io::Error::from),
            Err(error) => Err(error),
        };
        if entry.is_err() {
            self.0 = None;
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn entry(position: i32, output: &str) -> KeptEntry {
        KeptEntry {
            position,
            output: output.to_owned(),
            hidden: position % 2 == 0,
            error: position == 1,
            at: (position > 0).then_some(datetime!(2026-11-29 21:00:00.123456 UTC)),
            section: (position > 1).then_some(2),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let log = [
            entry(0, "é\u{2028}\n\n \"quoted\" \\ \u{1b}"),
            entry(1, ""),
            entry(7, &"long ".repeat(100_000)),
        ];
        let mut writer = Writer::new();
        for entry in &log {
            writer.add(entry).unwrap();
        }
        let object = writer.finish().unwrap();
        assert!(object.len() < 10_000, "{}", object.len());
        let read: Vec<KeptEntry> = Entries::of(object.clone()).map(Result::unwrap).collect();
        assert_eq!(read, log);
        let cut = Entries::of(object.slice(..object.len() / 2));
        assert!(cut.last().unwrap().is_err());
        let other = Entries::of(Bytes::from_static(b"something else"));
        assert!(other.last().unwrap().is_err());
        assert_eq!(Entries::of(Writer::new().finish().unwrap()).count(), 0);
    }
}
