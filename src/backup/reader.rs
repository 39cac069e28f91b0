//! Reading a backup: whether it is whole, before anything of it is used. It knows no database.

use super::manifest::{File, MANIFEST, Manifest};
use flate2::read::GzDecoder;
use ring::digest::{Context, SHA256};
use std::io::{self, Read, Seek};
use tar::{Archive, Entry};

/// The longest manifest: one of a million logs has about 200 MB.
const MANIFEST_LIMIT_BYTES: u64 = 1 << 30;
const BUFFER_BYTES: usize = 64 << 10;

/// Why a file is no backup that can be used.
#[derive(Debug, thiserror::Error)]
pub enum Damaged {
    #[error("it is no backup of vps-claude, or damaged")]
    Unreadable(#[from] io::Error),
    #[error("it ends too early: its last file, {MANIFEST}, is missing")]
    CutOff,
    #[error("it is damaged: what it holds is not what its {MANIFEST} says")]
    Different,
}

/// The format of a manifest, whatever else is in it.
#[derive(serde::Deserialize)]
struct Format {
    format: u32,
}

/// What a whole backup is.
pub enum Checked {
    /// Its format is newer than what this version knows.
    Newer,
    Whole(Manifest),
}

/// Reads a whole backup and compares every file with the manifest.
///
/// # Errors
/// When one bit is wrong.
pub fn check(file: &mut (impl Read + Seek)) -> Result<Checked, Damaged> {
    file.rewind()?;
    let mut archive = Archive::new(GzDecoder::new(file));
    let (mut found, mut manifest) = (vec![], None);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = name(&entry)?;
        if name == MANIFEST && manifest.is_none() {
            let mut text = String::new();
            entry.take(MANIFEST_LIMIT_BYTES).read_to_string(&mut text)?;
            manifest = Some(text);
        } else if manifest.is_none() {
            found.push(measured(&mut entry, name)?);
        } else {
            return Err(Damaged::Different);
        }
    }
    // The checksum of all that was compressed is at its end.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    let manifest = manifest.ok_or(Damaged::CutOff)?;
    compared(&manifest, &found)
}

fn compared(text: &str, found: &[File]) -> Result<Checked, Damaged> {
    let format = serde_json::from_str::<Format>(text).map_err(io::Error::from)?;
    if format.format > super::manifest::FORMAT {
        return Ok(Checked::Newer);
    }
    let manifest: Manifest = serde_json::from_str(text).map_err(io::Error::from)?;
    let of = |file: &File| (file.name.clone(), file.bytes, file.sha256.clone());
    if manifest.files.iter().map(of).ne(found.iter().map(of)) {
        return Err(Damaged::Different);
    }
    Ok(Checked::Whole(manifest))
}

/// A file as it is, without the number of its rows.
fn measured(entry: &mut impl Read, name: String) -> io::Result<File> {
    let (mut sum, mut bytes) = (Context::new(&SHA256), 0);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = entry.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        sum.update(&buffer[..read]);
        bytes += read as u64;
    }
    Ok(File {
        name,
        bytes,
        sha256: hex::encode(sum.finish()),
        rows: 0,
    })
}

fn name(entry: &Entry<'_, impl Read>) -> io::Result<String> {
    let path = entry.path()?;
    Ok(path.to_string_lossy().into_owned())
}

/// An archive whose files are read one after the other.
///
/// # Errors
/// When it cannot be read.
pub fn archive<R: Read + Seek>(mut file: R) -> io::Result<Archive<GzDecoder<R>>> {
    file.rewind()?;
    Ok(Archive::new(GzDecoder::new(file)))
}
