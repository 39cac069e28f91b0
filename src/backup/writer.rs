//! Writing a backup: a compressed tar archive, which other programs can read too. It knows no database.

use super::manifest::{File, MANIFEST, Manifest, TABLES};
use flate2::Compression;
use flate2::write::GzEncoder;
use ring::digest::{SHA256, digest};
use std::io::{self, Write};
use tar::{Builder, Header};
use time::OffsetDateTime;

/// Rows are written in files of about this size, which fit into memory.
const PIECE_BYTES: usize = 4 << 20;

/// A backup that is being written.
pub struct Writer<W: Write> {
    archive: Builder<GzEncoder<W>>,
    taken_at: OffsetDateTime,
    files: Vec<File>,
}

impl<W: Write> Writer<W> {
    /// Begins one.
    pub fn new(out: W, taken_at: OffsetDateTime) -> Self {
        Self {
            archive: Builder::new(GzEncoder::new(out, Compression::default())),
            taken_at,
            files: vec![],
        }
    }

    /// Adds a file.
    pub fn add(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        self.add_rows(name, 0, content)
    }

    /// The rows of a table, which come in pieces of any size.
    pub fn rows<'a>(&'a mut self, table: &'a str) -> Rows<'a, W> {
        Rows {
            writer: self,
            table,
            number: 0,
            lines: vec![],
        }
    }

    fn add_rows(&mut self, name: &str, rows: u64, content: &[u8]) -> io::Result<()> {
        self.append(name, content)?;
        self.files.push(File {
            name: name.to_owned(),
            bytes: content.len() as u64,
            sha256: hex::encode(digest(&SHA256, content)),
            rows,
        });
        Ok(())
    }

    fn append(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(self.taken_at.unix_timestamp()).unwrap_or_default());
        self.archive.append_data(&mut header, name, content)
    }

    /// Ends it with the manifest, to which the files are added.
    pub fn finish(mut self, manifest: Manifest) -> io::Result<(Manifest, W)> {
        let files = std::mem::take(&mut self.files);
        let manifest = Manifest { files, ..manifest };
        self.append(MANIFEST, &serde_json::to_vec(&manifest)?)?;
        let mut out = self.archive.into_inner()?.finish()?;
        out.flush()?;
        Ok((manifest, out))
    }
}

/// The rows of a table that are being written: a line each.
pub struct Rows<'a, W: Write> {
    writer: &'a mut Writer<W>,
    table: &'a str,
    number: u32,
    lines: Vec<u8>,
}

impl<W: Write> Rows<'_, W> {
    /// Takes the next piece.
    pub fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        self.lines.extend_from_slice(piece);
        if self.lines.len() < PIECE_BYTES {
            return Ok(());
        }
        let end = self.lines.iter().rposition(|byte| *byte == b'\n');
        let rest = end.map(|end| self.lines.split_off(end + 1));
        match rest {
            Some(rest) => {
                self.write()?;
                self.lines = rest;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Writes what is left.
    pub fn finish(mut self) -> io::Result<()> {
        self.write()
    }

    fn write(&mut self) -> io::Result<()> {
        let lines = std::mem::take(&mut self.lines);
        if lines.is_empty() {
            return Ok(());
        }
        self.number += 1;
        let name = format!("{TABLES}/{}/{:06}", self.table, self.number);
        // A line break inside a value is written as a backslash and an n.
        let rows = lines.split_inclusive(|byte| *byte == b'\n').count();
        self.writer.add_rows(&name, rows as u64, &lines)
    }
}
