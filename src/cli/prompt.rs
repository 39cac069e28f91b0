//! What is asked for at a terminal. A secret is never an argument, which other users of the machine see.

use super::failure::Failure;
use super::plain;
use secrecy::{ExposeSecret, SecretString};
use std::io::{self, IsTerminal, Write};

/// A secret, asked for without showing it, or the first line of what is piped in.
///
/// # Errors
/// When there is none.
pub fn secret(question: &str) -> Result<SecretString, Failure> {
    let secret = if io::stdin().is_terminal() {
        hidden(question)?
    } else {
        first_line()?.into()
    };
    Ok(secret)
}

/// A new password: from standard input if that is wanted, else asked for twice.
///
/// # Errors
/// When the two are not the same, or nobody can be asked.
pub fn new_password(from_input: bool) -> Result<SecretString, Failure> {
    if from_input {
        return secret("Password: ");
    }
    if !io::stdin().is_terminal() {
        let sentence =
            "There is no terminal to ask for a password: pipe it in, with --password-stdin.";
        return Err(Failure::usage(sentence));
    }
    let password = hidden("Password: ")?;
    let again = hidden("The same again: ")?;
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
    Ok(first_line()?.trim() == name)
}

fn hidden(question: &str) -> Result<SecretString, Failure> {
    let typed = rpassword::prompt_password(question);
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
    Failure::usage(format!("Nothing can be read from standard input: {error}."))
}
