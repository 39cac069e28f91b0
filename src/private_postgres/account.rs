//! Which user of this machine runs the servers. PostgreSQL refuses to run as root, so root runs it as somebody else.

use super::trouble::Trouble;
use nix::unistd::{User, getegid, geteuid};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;

/// Whom root takes, in this order. The packages of PostgreSQL make the first one.
const UNPRIVILEGED: [&str; 2] = ["postgres", NOBODY];
/// Can look for programs, but other programs run as this user, too.
const NOBODY: &str = "nobody";
/// What of our own variables the programs get: theirs have a meaning to them, and ours hold secrets.
const PASSED_ON: [&str; 3] = ["PATH", "LD_LIBRARY_PATH", "TZ"];

/// A user who runs the servers, and to whom their files belong.
#[derive(Debug, Clone)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
    /// This process is of another user, which is root.
    pub is_other: bool,
}

impl Account {
    /// The one for folders that are there already: root takes who owns the first of them, unless that is root.
    ///
    /// # Errors
    /// When nobody is there whom root could take.
    pub fn of(folders: &[Metadata]) -> Result<Self, Trouble> {
        let own = geteuid().as_raw();
        if own != 0 {
            let (uid, gid) = (own, getegid().as_raw());
            let is_other = false;
            return Ok(Self { uid, gid, is_other });
        }
        let unprivileged = folders
            .iter()
            .map(|owner| (owner.uid(), owner.gid()))
            .find(|(uid, _)| *uid != 0);
        let (uid, gid) = unprivileged.or_else(named).ok_or_else(nobody)?;
        let is_other = true;
        Ok(Self { uid, gid, is_other })
    }

    /// A program as this user, with nothing to read. A Ctrl-C in the terminal does not reach it.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").stdin(Stdio::null());
        let kept = PASSED_ON.iter().map(|name| (name, std::env::var_os(name)));
        command.envs(kept.filter_map(|(name, value)| Some((OsStr::new(name), value?))));
        if self.is_other {
            command.uid(self.uid).gid(self.gid);
        }
        command.process_group(0).current_dir("/");
        command
    }

    /// Whether this machine knows it by a name, which programs of PostgreSQL ask for.
    pub fn is_known(&self) -> bool {
        User::from_uid(self.uid.into()).ok().flatten().is_some()
    }

    /// Whether root took a user of whom other programs are, too: they could read whatever it has.
    pub fn is_shared(&self) -> bool {
        self.is_other && self.name() == NOBODY
    }

    /// What people call it.
    pub fn name(&self) -> String {
        name_of(self.uid)
    }
}

/// What people call a user.
pub fn name_of(uid: u32) -> String {
    let found = User::from_uid(uid.into()).ok().flatten();
    found.map_or_else(|| uid.to_string(), |user| user.name)
}

fn named() -> Option<(u32, u32)> {
    let found = UNPRIVILEGED.iter().find_map(|name| {
        let user = User::from_name(name).ok().flatten();
        user.filter(|user| !user.uid.is_root())
    });
    found.map(|user| (user.uid.as_raw(), user.gid.as_raw()))
}

/// Why root cannot run it.
pub fn nobody() -> Trouble {
    let why = "PostgreSQL refuses to run as root, and this machine has no user postgres as whom it could; add one";
    Trouble::Failed(why.to_owned())
}
