//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::diagnostics::Format;

/// Routes HubSpot contact changes to at most one sequence or workflow enrollment per theme.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXIT_CODES)]
pub(super) struct Args {
    /// The configuration file; relative paths in it count from its folder.
    #[arg(long, global = true, value_name = "FILE", default_value = crate::config::FILE)]
    pub(super) config: PathBuf,
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 ok; 1 the rules or their tests fail; 2 usage or configuration; 3 warnings with \
--deny-warnings; 4 the environment (store in use or damaged, port taken, HubSpot unreachable).";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the router: webhook listener, workers, admin listener.
    Serve,
    /// Show the whole thing with no account: a simulated HubSpot, the router, a signed day.
    Demo(Demo),
    /// Run the HubSpot simulator alone.
    #[command(after_long_help = crate::simulator::HELP)]
    Simulate {
        /// A loopback address; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:8082")]
        listen: SocketAddr,
    },
    /// Every error and warning of a rules folder at once, offline.
    Check {
        /// The folder; else [rules] path of the configuration.
        rules: Option<PathBuf>,
        /// How findings are written.
        #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
        format: CheckFormat,
        /// End with 3 when there are warnings.
        #[arg(long)]
        deny_warnings: bool,
        /// Another state of the folder: rules that got another id since are pointed out.
        #[arg(long, value_name = "FOLDER")]
        against: Option<PathBuf>,
        /// The day to judge what is over by; else today.
        #[arg(long, value_name = "DATE")]
        today: Option<jiff::civil::Date>,
    },
    /// The rules' own tests (*.test.toml). None found is a failure.
    Test {
        /// The folder; else [rules] path of the configuration.
        rules: Option<PathBuf>,
        /// Only tests whose sentence or place contains this, in any case.
        #[arg(long, value_name = "TEXT")]
        run: Option<String>,
        /// Also write a JUnit report.
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
        /// Also list rules and conditions that no test exercises.
        #[arg(long)]
        cover: bool,
    },
    /// Stop enrolling: intake and decisions go on, no call leaves.
    Pause {
        /// Your name, for the record.
        #[arg(long, default_value = "command line")]
        who: String,
        /// Why, for the record.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Go on enrolling.
    Resume {
        /// Your name, for the record.
        #[arg(long, default_value = "command line")]
        who: String,
        /// Why, for the record.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Load the rules folder now; the running set stays when it is refused.
    Reload,
    /// Whether a running router answers (for health checks).
    Health,
    /// Calls whose outcome nobody could tell.
    InDoubt {
        #[command(subcommand)]
        command: InDoubt,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum InDoubt {
    /// List them.
    List,
    /// Say what you found in HubSpot.
    Resolve {
        /// The id of the decision record.
        id: String,
        /// What you found.
        #[arg(long = "as", value_enum)]
        as_: Found,
        /// Your name, for the record.
        #[arg(long)]
        who: String,
        /// What you saw, for the record.
        #[arg(long)]
        note: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Found {
    /// The contact is enrolled.
    Enrolled,
    /// The contact is not enrolled: it is decided again.
    NotEnrolled,
}

impl Found {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::NotEnrolled => "not-enrolled",
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct Demo {
    /// Exit when the day is over instead of staying up.
    #[arg(long)]
    pub(super) once: bool,
    /// More faults for the simulator, as PUT /_sim/faults takes them; for trying the judge.
    #[arg(long, value_name = "JSON")]
    pub(super) faults: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum CheckFormat {
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
