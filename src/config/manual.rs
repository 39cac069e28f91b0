//! What the command line says of itself, for shells and for `man`. The values of variables are in neither.

use super::CommandLine;
use crate::cli;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

const NAME: &str = "vps-claude";
/// Where commands of the client are in a list: after those of the server.
const LAST: usize = 100;

/// All commands: those of the server with its settings, and those of the client without them.
pub fn whole() -> Command {
    let mut server = CommandLine::command();
    // Settings become options of those commands that are there by now.
    server.build();
    let mut client = cli::command();
    client.build();
    let commands = client.get_subcommands().cloned();
    server.subcommands(commands.map(|one| one.display_order(LAST)))
}

/// The completions of a shell, as its own script.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = vec![];
    clap_complete::generate(shell, &mut whole(), NAME, &mut script);
    if shell == Shell::Bash {
        // Of a name with a hyphen, `clap_complete` writes two forms, so that nothing is offered after the first word
        // (github.com/clap-rs/clap/issues/6421).
        let text = String::from_utf8_lossy(&script);
        script = text.replace("vps__subcmd__claude", "vps__claude").into();
    }
    script
}

/// The manual page in roff.
///
/// # Errors
/// Never, as it is written into memory.
pub fn page() -> std::io::Result<Vec<u8>> {
    let mut page = vec![];
    Man::new(whole()).render(&mut page)?;
    let mut client = cli::command();
    client.build();
    for command in client.get_subcommands() {
        describe(command, NAME, &mut page)?;
    }
    Ok(page)
}

/// Adds a section for a command of the client and for each below it: they have options of their own.
fn describe(command: &Command, above: &str, page: &mut Vec<u8>) -> std::io::Result<()> {
    let name = format!("{above} {}", command.get_name());
    let man = Man::new(command.clone());
    let mut section = vec![];
    man.render_description_section(&mut section)?;
    if command.has_subcommands() {
        man.render_extra_section(&mut section)?;
    } else {
        man.render_synopsis_section(&mut section)?;
        man.render_options_section(&mut section)?;
    }
    let section = String::from_utf8_lossy(&section).replace(".SH ", ".SS ");
    page.extend_from_slice(format!(".SH {}\n{section}", name.to_uppercase()).as_bytes());
    let mut below = command.get_subcommands();
    below.try_for_each(|one| describe(one, &name, page))
}
