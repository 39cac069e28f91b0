//! Who does something, and how they came to: what the audit says of every change.

use super::id::UserId;
use std::net::IpAddr;

/// How a change was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub enum Way {
    /// In a browser.
    Page,
    /// By a program, with a token.
    Api,
    /// By the owner of the machine, on the command line.
    Command,
    /// By the process itself.
    Process,
}

impl Way {
    /// The value in the database.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Whose account it is done with; `None` for the owner of the machine, and for the process itself.
    pub user: Option<UserId>,
    /// Where the request came from, if it came over the network.
    pub address: Option<IpAddr>,
    pub way: Way,
}

impl Actor {
    /// The owner of the machine.
    pub const COMMAND: Self = Self {
        user: None,
        address: None,
        way: Way::Command,
    };

    /// Somebody in a browser.
    pub fn on_page(user: UserId, address: IpAddr) -> Self {
        Self {
            user: Some(user),
            address: Some(address),
            way: Way::Page,
        }
    }

    /// Somebody by a program with a token of theirs.
    pub fn of_token(user: UserId, address: IpAddr) -> Self {
        Self {
            way: Way::Api,
            ..Self::on_page(user, address)
        }
    }

    /// The process itself, for somebody who asked for it earlier.
    pub fn process_for(user: Option<UserId>) -> Self {
        Self {
            user,
            address: None,
            way: Way::Process,
        }
    }
}
