//! Identifiers: `TypeIDs` (a `UUIDv7` with a prefix), so that an id shows what it identifies.

use type_safe_id::{StaticType, TypeSafeId};

/// The prefix `usr_`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserKind;
impl StaticType for UserKind {
    const TYPE: &'static str = "usr";
}

/// The prefix `env_`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnvironmentKind;
impl StaticType for EnvironmentKind {
    const TYPE: &'static str = "env";
}

/// The prefix `dep_`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeploymentKind;
impl StaticType for DeploymentKind {
    const TYPE: &'static str = "dep";
}

/// The prefix `ses_`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKind;
impl StaticType for SessionKind {
    const TYPE: &'static str = "ses";
}

/// The prefix `lnk_`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkKind;
impl StaticType for LinkKind {
    const TYPE: &'static str = "lnk";
}

/// The prefix `tok_`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenKind;
impl StaticType for TokenKind {
    const TYPE: &'static str = "tok";
}

/// The id of a user: `usr_…`.
pub type UserId = TypeSafeId<UserKind>;
/// The id of an environment: `env_…`.
pub type EnvironmentId = TypeSafeId<EnvironmentKind>;
/// The id of a deployment: `dep_…`.
pub type DeploymentId = TypeSafeId<DeploymentKind>;
/// The id of a session on pages: `ses_…`. It is not the session's secret.
pub type SessionId = TypeSafeId<SessionKind>;
/// The id of a link on pages: `lnk_…`. It is not the link's secret.
pub type LinkId = TypeSafeId<LinkKind>;
/// The id of a token of the API: `tok_…`. It is not the token.
pub type TokenId = TypeSafeId<TokenKind>;
