//! The data folder: what is where in it, to whom it belongs, and how a socket in it is reached.
//!
//! ```text
//! DATA_DIR/            of who runs the dashboard
//!   postgres.starting  locked by who starts or stops the server
//!   postgres.users     locked, shared, by each process that uses it
//!   postgres.running   locked by the processes of the server, so for as long as any of them lives
//!   postgres.log
//!   postgres/          of who runs the server; nobody else may enter
//!     cluster/         the data
//!     new-…/           a cluster that is being made
//! ```

use super::account::{Account, name_of};
use super::trouble::Trouble;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::unistd::geteuid;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The name of the socket; its number is the port.
pub const SOCKET: &str = ".s.PGSQL.5432";
/// The longest path of a socket in bytes, on the system that allows the least.
const LONGEST: usize = 103;

/// A lock of the data folder, by its file.
#[derive(Debug, Clone, Copy)]
pub enum Lock {
    Starting,
    Users,
    Running,
}

/// A data folder that is there and may be used.
#[derive(Debug)]
pub struct Home {
    folder: PathBuf,
    /// The servers' folder, held open: a path through it is short, and open to whom the folders above are closed.
    handle: File,
    pub account: Account,
}

impl Home {
    /// Makes the folder unless it is there.
    ///
    /// # Errors
    /// When it cannot be made, or belongs to somebody else.
    pub fn open(folder: &Path) -> Result<Self, Trouble> {
        make(folder)?;
        let folder = folder
            .canonicalize()
            .map_err(|error| Trouble::of_file(folder, "read", &error))?;
        let servers = folder.join("postgres");
        let owners = [&servers, &folder].map(|path| path.metadata());
        let account = Account::of(&owners.into_iter().flatten().collect::<Vec<_>>())?;
        make_servers(&servers, &account)?;
        let handle =
            File::open(&servers).map_err(|error| Trouble::of_file(&servers, "read", &error))?;
        Ok(Self {
            folder,
            handle,
            account,
        })
    }

    /// The folder of the servers' files.
    pub fn servers(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    pub fn cluster(&self) -> PathBuf {
        self.servers().join("cluster")
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("postgres.log")
    }

    /// Makes sure that what was made or renamed in these folders stays so, even if the power fails now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn sync(&self) -> io::Result<()> {
        self.handle.sync_all()?;
        File::open(&self.folder)?.sync_all()
    }

    /// The folder of the socket, as this process reaches it.
    ///
    /// # Errors
    /// When the path is too long for a socket, on a system where there is no other way.
    pub fn socket_folder(&self) -> Result<PathBuf, Trouble> {
        if is_plain(&self.servers()) {
            return Ok(self.servers());
        }
        self.through_handle()
    }

    /// The folder of the servers' files, as a program of theirs reaches it, that may not enter the folders above.
    ///
    /// # Errors
    /// When there is no such way on this system.
    pub fn servers_for(&self, may_enter: bool) -> Result<PathBuf, Trouble> {
        if may_enter && is_plain(&self.servers()) {
            return Ok(self.servers());
        }
        self.through_handle()
    }

    fn through_handle(&self) -> Result<PathBuf, Trouble> {
        if !cfg!(target_os = "linux") {
            return Err(Trouble::Folder(format!(
                "{} must be a folder that the user {} may enter, with a path of at most {} plain characters",
                self.folder.display(),
                self.account.name(),
                LONGEST - SOCKET.len() - "/postgres/".len()
            )));
        }
        // The programs inherit it.
        let kept = fcntl(&self.handle, FcntlArg::F_SETFD(FdFlag::empty()));
        kept.map_err(|error| Trouble::of_file(&self.servers(), "read", &error.into()))?;
        Ok(format!("/proc/self/fd/{}", self.handle.as_raw_fd()).into())
    }

    /// Opens the file of a lock, which is not taken by that.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn lock(&self, lock: Lock) -> Result<File, Trouble> {
        let name = match lock {
            Lock::Starting => "postgres.starting",
            Lock::Users => "postgres.users",
            Lock::Running => "postgres.running",
        };
        self.file(&self.folder.join(name))
    }

    /// Opens a file to append to.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn file(&self, path: &Path) -> Result<File, Trouble> {
        self.try_file(path)
            .map_err(|error| Trouble::of_file(path, "opened", &error))
    }

    /// A new file is of whom the folder is. Who owns the folder could have made a link of the name, which root must not
    /// follow.
    fn try_file(&self, path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options
            .read(true)
            .append(true)
            .mode(0o600)
            .custom_flags(OFlag::O_NOFOLLOW.bits());
        match options.clone().create_new(true).open(path) {
            Ok(file) => {
                let owner = self.folder.metadata()?;
                if geteuid().is_root() {
                    std::os::unix::fs::fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
                }
                Ok(file)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => options.open(path),
            Err(error) => Err(error),
        }
    }
}

/// Makes a data folder unless it is there. The servers of root's must be able to pass through it.
///
/// # Errors
/// When it cannot be made.
pub fn make(folder: &Path) -> Result<(), Trouble> {
    let mode = if geteuid().is_root() { 0o711 } else { 0o700 };
    let done = DirBuilder::new().recursive(true).mode(mode).create(folder);
    done.map_err(|error| Trouble::of_file(folder, "made", &error))
}

/// Makes the servers' folder unless it is there, and closes it to others, who would need no password.
fn make_servers(servers: &Path, account: &Account) -> Result<(), Trouble> {
    match DirBuilder::new().mode(0o700).create(servers) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(Trouble::of_file(servers, "made", &error));
        }
        _ => {}
    }
    let found = std::fs::symlink_metadata(servers)
        .map_err(|error| Trouble::of_file(servers, "read", &error))?;
    // Who made it may have been killed before it was given away.
    let is_left = found.uid() == 0 && account.is_other && found.is_dir() && is_empty(servers);
    if is_left {
        std::os::unix::fs::chown(servers, Some(account.uid), Some(account.gid))
            .map_err(|error| Trouble::of_file(servers, "given to another user", &error))?;
    } else if found.uid() != account.uid || !found.is_dir() {
        return Err(of_somebody_else(servers));
    }
    if found.mode() & 0o077 != 0 {
        std::fs::set_permissions(servers, Permissions::from_mode(0o700))
            .map_err(|error| Trouble::of_file(servers, "closed to others", &error))?;
    }
    Ok(())
}

fn of_somebody_else(servers: &Path) -> Trouble {
    let folders = [servers.parent().unwrap_or(servers), servers];
    let owners = folders.map(|folder| (folder, folder.metadata().map(|it| it.uid())));
    let own = geteuid().as_raw();
    let other = owners.into_iter().find_map(|(folder, owner)| {
        let owner = owner.ok().filter(|owner| *owner != own)?;
        Some(format!(
            "{} belongs to the user {}",
            folder.display(),
            name_of(owner)
        ))
    });
    let other = other.unwrap_or_else(|| format!("{} is no folder", servers.display()));
    Trouble::Folder(format!(
        "{other}; run this as the user to whom it belongs, or name another folder"
    ))
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// Whether a folder can be written in an address and be that of a socket.
fn is_plain(folder: &Path) -> bool {
    let is_simple = |c: char| c.is_alphanumeric() || "/._- ".contains(c);
    let fits = folder.as_os_str().len() + "/".len() + SOCKET.len() <= LONGEST;
    fits && folder
        .to_str()
        .is_some_and(|path| path.chars().all(is_simple))
}
