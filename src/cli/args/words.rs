//! Words that options take one of.

use clap::ValueEnum;

use crate::cli::diagnostics::Format;

/// What a completion script is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Shell {
    /// Bash 3.2 and newer.
    Bash,
    /// Zsh.
    Zsh,
    /// Fish.
    Fish,
    /// Elvish.
    Elvish,
    /// PowerShell 5 and newer.
    Powershell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Schema {
    /// A rules folder: rules, address book, tests.
    Rules,
    /// hubroute.toml.
    Config,
}

/// How subscriptions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SubscriptionsFormat {
    /// For people, with who needs each.
    Table,
    /// The file of a HubSpot project: src/app/webhooks/webhooks-hsmeta.json.
    Hsmeta,
}

/// How data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DataFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum CheckFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// Annotations for pull requests.
    Github,
}

impl From<CheckFormat> for Format {
    fn from(format: CheckFormat) -> Self {
        match format {
            CheckFormat::Text => Self::Text,
            CheckFormat::Json => Self::Json,
            CheckFormat::Github => Self::Github,
        }
    }
}
