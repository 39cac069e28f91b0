//! What is asked for at a terminal. Passwords and tokens are no arguments, which others on the machine can see.

use super::failure::Failure;
use super::output::Output;
use super::plain;
use crate::domain::name::shown;
use secrecy::{ExposeSecret, SecretString};
use std::io::{self, ErrorKind, IsTerminal, Write};

/// A secret, asked for without showing it, or the first line of what is piped in.
///
/// # Errors
/// When there is none.
pub fn secret(question: &str, output: &Output) -> Result<SecretString, Failure> {
    let secret = if io::stdin().is_terminal() {
        hidden(question, output)?
    } else {
        first_line()?.into()
    };
    Ok(secret)
}

/// A new password: from standard input if that is wanted, else asked for twice.
///
/// # Errors
/// When the two are not the same, or nobody can be asked.
pub fn new_password(from_input: bool, output: &Output) -> Result<SecretString, Failure> {
    if from_input {
        return secret("Password: ", output);
    }
    if !io::stdin().is_terminal() {
        let sentence =
            "There is no terminal to ask for a password: pipe it in, with --password-stdin.";
        return Err(Failure::usage(sentence));
    }
    let password = hidden("Password: ", output)?;
    let again = hidden("The same again: ", output)?;
    if password.expose_secret() != again.expose_secret() {
        return Err(Failure::usage("These two passwords are not the same."));
    }
    Ok(password)
}

/// Whether somebody at the terminal types this name.
///
/// # Errors
/// When there is no terminal.
pub fn confirm(name: &str, question: &str) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("There is no terminal to ask at: use --yes."));
    }
    let _ = write!(io::stderr(), "{}", plain::line(question));
    let _ = io::stderr().flush();
    Ok(is_typed(&first_line()?, name))
}

/// Whether what was typed is something, and looks like the name.
fn is_typed(typed: &str, name: &str) -> bool {
    let typed = shown(typed);
    !typed.is_empty() && typed == shown(name)
}

/// Asks without showing what is typed. An interruption comes as a character, and the terminal shows what is typed again
/// before the process ends.
fn hidden(question: &str, output: &Output) -> Result<SecretString, Failure> {
    output.see_interrupts(true);
    let typed = rpassword::prompt_password(question);
    output.see_interrupts(false);
    typed
        .map(SecretString::from)
        .map_err(|error| unread(&error))
}

fn first_line() -> Result<String, Failure> {
    let mut line = String::new();
    io::stdin()
        .read_line(&mut line)
        .map_err(|error| unread(&error))?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}

fn unread(error: &io::Error) -> Failure {
    if error.kind() == ErrorKind::Interrupted {
        return Failure::interrupted();
    }
    Failure::usage(format!("Nothing can be read from standard input: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_typed_as_it_is_shown() {
        assert!(is_typed(" Gro\u{308}ße ", "Größe"));
        assert!(is_typed("a b", "a\u{200b}  b"));
        assert!(!is_typed("größe", "Größe"));
        assert!(!is_typed("", "Größe"));
        assert!(!is_typed("\n", "\u{200b}"));
    }
}
