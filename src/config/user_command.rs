//! The command line of the command for accounts.

use clap::Subcommand;

/// What the command for accounts does.
#[derive(Debug, Clone, Subcommand)]
pub enum UserCommand {
    /// List at most 200 accounts: address, role, state, number of environments, name.
    List {
        /// A part of the name or the address.
        #[arg(default_value = "")]
        search: String,
    },
    /// Make an account; its password is read from a prompt or from standard input.
    Add {
        email: String,
        #[arg(long, required_unless_present = "link")]
        name: Option<String>,
        #[arg(long, default_value = "member", value_parser = ["administrator", "member"])]
        role: String,
        /// Print an invitation in place of it, with which the person makes it within seven days.
        #[arg(long)]
        link: bool,
    },
    /// Set a password, read from a prompt or from standard input, and end all sessions.
    ResetPassword {
        email: String,
        /// Print a link with which the person sets it, within a day.
        #[arg(long)]
        link: bool,
    },
    /// Make somebody administrator or member.
    SetRole {
        email: String,
        #[arg(value_parser = ["administrator", "member"])]
        role: String,
    },
    /// Say what somebody may have; what is not given stays. Each is an amount, unlimited, or default for what the settings say.
    SetLimits {
        email: String,
        /// How many environments.
        #[arg(long, value_name = "NUMBER")]
        environments: Option<String>,
        /// How many deployments under way at once.
        #[arg(long, value_name = "NUMBER")]
        deployments: Option<String>,
        /// The memory of each environment, like 2g or 512m.
        #[arg(long)]
        memory: Option<String>,
        /// The CPUs of each environment, like 1.5.
        #[arg(long)]
        cpus: Option<String>,
    },
    /// Keep somebody from signing in, and end all sessions.
    Disable { email: String },
    /// Let somebody sign in again.
    Enable { email: String },
    /// Delete an account, and hand its environments over.
    Delete {
        email: String,
        /// Whose its environments become: the e-mail address of another account.
        #[arg(long, value_name = "EMAIL", default_value = "")]
        hand_over_to: String,
        /// Have the environments removed, as those of the one that they are handed over to.
        #[arg(long, requires = "hand_over_to")]
        remove_environments: bool,
    },
}
