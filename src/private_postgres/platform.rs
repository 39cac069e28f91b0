//! How people install PostgreSQL on this machine.

use std::path::{Path, PathBuf};

/// Words of `ID` and `ID_LIKE` in `/etc/os-release`, the program that installs there, and its command.
const COMMANDS: [(&[&str], &str, &str); 6] = [
    (
        &["debian", "ubuntu"],
        "apt-get",
        "apt-get install postgresql",
    ),
    (
        &["fedora", "rhel", "centos"],
        "dnf",
        "dnf install postgresql-server",
    ),
    (&["alpine"], "apk", "apk add postgresql"),
    (&["arch"], "pacman", "pacman -S postgresql"),
    (
        &["suse", "opensuse"],
        "zypper",
        "zypper install postgresql-server",
    ),
    (&["macos"], "brew", "brew install postgresql"),
];
/// Where such programs are, whatever `PATH` says.
const FOLDERS: [&str; 6] = [
    "/usr/bin",
    "/bin",
    "/usr/sbin",
    "/sbin",
    "/opt/homebrew/bin",
    "/usr/local/bin",
];

/// The command that installs it. None where its program is missing, as in the image of a container.
pub fn install() -> Option<&'static str> {
    let release = if cfg!(target_os = "macos") {
        "ID=macos".to_owned()
    } else {
        std::fs::read_to_string("/etc/os-release").unwrap_or_default()
    };
    command(&release, |program| {
        let folders = FOLDERS.iter().map(PathBuf::from);
        let has = |folder: PathBuf| Path::new(&folder).join(program).exists();
        folders.into_iter().any(has)
    })
}

fn command(release: &str, has: impl Fn(&str) -> bool) -> Option<&'static str> {
    let words = release.lines().filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        ["ID", "ID_LIKE"].contains(&name).then_some(value)
    });
    let words: Vec<&str> = words.flat_map(str::split_whitespace).collect();
    let is_of = |known: &[&str]| known.iter().any(|one| words.contains(one));
    let found = COMMANDS.iter().find(|(known, _, _)| is_of(known));
    found
        .filter(|(_, program, _)| has(program))
        .map(|(_, _, command)| *command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_its_command_if_it_has_the_program() {
        for (release, expected) in [
            ("ID=debian\n", Some("apt-get install postgresql")),
            (
                "NAME=Mint\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
                Some("apt-get install postgresql"),
            ),
            ("ID=fedora\n", Some("dnf install postgresql-server")),
            (
                "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"",
                Some("dnf install postgresql-server"),
            ),
            ("ID=alpine", Some("apk add postgresql")),
            ("ID=arch", Some("pacman -S postgresql")),
            (
                "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"",
                Some("zypper install postgresql-server"),
            ),
            ("ID=macos", Some("brew install postgresql")),
            ("ID=nixos", None),
            ("", None),
        ] {
            assert_eq!(command(release, |_| true), expected, "{release}");
            assert_eq!(command(release, |_| false), None, "{release}");
        }
    }
}
