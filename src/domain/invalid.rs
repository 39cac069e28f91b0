//! One message per invalid field. The form, its preview and its live check use the same messages.

use super::amount::{Cpus, Memory};
use super::variable::Unfit;

/// What is wrong with one field and what to do, as shown to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("Enter your name.")]
    UserNameMissing,
    #[error("This name is too long. Use at most 100 characters.")]
    UserNameTooLong,
    #[error("This is not an e-mail address. Enter one like name@example.com.")]
    Email,
    #[error("This e-mail address already has an account. Sign in instead.")]
    EmailTaken,
    #[error("The invitation is for another e-mail address. Use the one that it was made for.")]
    EmailNotInvited,
    #[error("This password is too short. Use at least 8 characters.")]
    PasswordTooShort,
    #[error("This password is too long. Use at most 100 characters.")]
    PasswordTooLong,
    #[error("This password is too long. Use at most 1,000 characters.")]
    AccountPasswordTooLong,
    #[error(
        "This password begins or ends with a space. Remove it: it would not be accepted at sign-in."
    )]
    PasswordEdge,
    #[error("This is not your current password.")]
    PasswordWrong,
    #[error("E-mail address and password do not match an account. Check both and try again.")]
    Credentials,
    #[error("This account is disabled. Ask an administrator to enable it.")]
    Disabled,
    #[error("Enter a name.")]
    NameMissing,
    #[error("This name is too long. Use at most 50 characters.")]
    NameTooLong,
    #[error("Send four small letters or digits, such as x7k9, or leave it out.")]
    Suffix,
    #[error("Nothing of this name can be seen. Use a letter, a digit or a sign.")]
    NameInvisible,
    #[error("This name is taken. Choose another one.")]
    NameTaken,
    #[error(
        "This is not the address of a repository. Enter one like https://github.com/name/repository."
    )]
    Repository,
    #[error("Leave out the name and the password: the address is shown on the environment's page.")]
    RepositorySecret,
    #[error(
        "Environments may not be built from this repository. Ask an administrator which ones are allowed."
    )]
    SourceNotAllowed,
    #[error("This is not the name of a branch. Enter one like main.")]
    SourceBranch,
    #[error(
        "There is no such repository, or not everybody may read it. Enter the address of a public one."
    )]
    SourceMissing,
    #[error(
        "There is something else than a git repository at this address. Enter the one that git clone takes."
    )]
    SourceNoGit,
    #[error("The repository has no such branch. Enter one that it has.")]
    SourceBranchMissing,
    #[error("This host has no address in the public internet. Check how it is written.")]
    SourceHost,
    #[error(transparent)]
    Variable(Unfit),
    /// One of several, by its number.
    #[error("Variable {0}: {1}")]
    Variables(usize, Unfit),
    #[error("The name does not match. Type it exactly as it is shown.")]
    Confirmation,
    #[error("This is not the e-mail address of the account. Type it as it is shown.")]
    AccountConfirmation,
    #[error("Choose what the token may do.")]
    ScopeMissing,
    #[error("Only the tokens of administrators can have this.")]
    ScopeAdmin,
    #[error("Choose when the token expires.")]
    ExpiryMissing,
    #[error("This is not a date. Enter one like 2027-01-31.")]
    ExpiryDate,
    #[error("This day has passed. Choose a later one.")]
    ExpiryPast,
    #[error("You have 50 tokens. Revoke one that nothing needs any more.")]
    TokensMany,
    #[error("Nobody else who can sign in has this e-mail address. Enter that of another account.")]
    HeirUnknown,
    #[error("Nobody who can sign in has this e-mail address. Enter that of an account.")]
    OwnerUnknown,
    #[error("This is no such number. Enter one like 3, or unlimited, or nothing.")]
    Count,
    #[error("This is no amount of memory. Enter one like 512m or 2g, at least 64m.")]
    Memory,
    #[error("You may use at most {0}. Enter that or less.")]
    MemoryBeyond(Memory),
    #[error("This is no number of CPUs. Enter one like 2 or 1.5, at least 0.1.")]
    Cpus,
    #[error("You may use at most {0}. Enter that or less.")]
    CpusBeyond(Cpus),
}

/// A field of a form and its error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong {
    /// The field's name in the form.
    pub field: &'static str,
    pub invalid: Invalid,
}

/// The invalid fields of one form; never empty when used as an error.
pub type Wrongs = Vec<Wrong>;

/// Unwraps the value, or records the field's error and continues with the next field.
pub fn check<T>(wrongs: &mut Wrongs, field: &'static str, parsed: Result<T, Invalid>) -> Option<T> {
    parsed
        .map_err(|invalid| wrongs.push(Wrong { field, invalid }))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_noted_in_its_order_and_what_is_right_is_taken() {
        let mut wrongs = Wrongs::new();
        let missing: Result<u8, Invalid> = Err(Invalid::NameMissing);
        assert_eq!(check(&mut wrongs, "name", missing), None);
        assert_eq!(check(&mut wrongs, "suffix", Ok(7)), Some(7));
        let short: Result<u8, Invalid> = Err(Invalid::PasswordTooShort);
        assert_eq!(check(&mut wrongs, "password", short), None);
        let noted = [
            ("name", Invalid::NameMissing),
            ("password", Invalid::PasswordTooShort),
        ];
        assert_eq!(
            wrongs,
            noted.map(|(field, invalid)| Wrong { field, invalid })
        );
    }
}
