//! What the command line says of itself, for shells and for `man`. The values of variables are in neither.

use super::CommandLine;
use clap::CommandFactory;
use clap_complete::Shell;

/// The completions of a shell, as its own script.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = vec![];
    clap_complete::generate(
        shell,
        &mut CommandLine::command(),
        "vps-claude",
        &mut script,
    );
    script
}

/// The manual page in roff.
///
/// # Errors
/// Never, as it is written into memory.
pub fn page() -> std::io::Result<Vec<u8>> {
    let mut page = vec![];
    clap_mangen::Man::new(CommandLine::command()).render(&mut page)?;
    Ok(page)
}
