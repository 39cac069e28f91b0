//! Identifiers: `TypeIDs` (a `UUIDv7` with a prefix), so that an id says what it is of.

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

/// Who signs in: `usr_…`.
pub type UserId = TypeSafeId<UserKind>;
/// What a user owns: `env_…`.
pub type EnvironmentId = TypeSafeId<EnvironmentKind>;
/// One attempt to bring an environment up: `dep_…`.
pub type DeploymentId = TypeSafeId<DeploymentKind>;
