//! The command line.

mod words;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};

pub(super) use self::words::{CheckFormat, DataFormat, Schema, Shell, SubscriptionsFormat};
use crate::domain::rule::span::Span;

/// Routes HubSpot contact changes to at most one sequence or workflow enrollment per theme.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXIT_CODES)]
pub(super) struct Args {
    /// The configuration file.
    ///
    /// Relative paths in it count from its folder.
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
    /// Show every error and warning of a rules folder at once, offline.
    Check(Check),
    /// Hold the rules and the address book against the HubSpot account; only reads.
    Doctor {
        /// How the answer is written.
        #[arg(long, value_enum, default_value_t = DataFormat::Text)]
        format: DataFormat,
    },
    /// List the webhook subscriptions that the rules need, offline.
    Subscriptions {
        /// The rules folder; else [rules] path of the configuration.
        #[arg(value_hint = ValueHint::DirPath)]
        rules: Option<PathBuf>,
        /// How they are written.
        #[arg(long, value_enum, default_value_t = SubscriptionsFormat::Table)]
        format: SubscriptionsFormat,
    },
    /// Run the rules' own tests (*.test.toml); finding none is a failure.
    Test(Test),
    /// Run stored events through a rule set, without effects.
    Replay(Replay),
    /// Say why a contact was, or was not, enrolled.
    Explain {
        /// A contact id, an email address, or the link of the record in HubSpot.
        contact: String,
        /// How the answer is written.
        #[arg(long, value_enum, default_value_t = DataFormat::Text)]
        format: DataFormat,
    },
    /// Copy the store while the router runs; the copy is read back and can be restored.
    Backup {
        /// A folder that is empty or not there yet.
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        into: PathBuf,
    },
    /// Make the store of a backup, where none is; the backup is verified first.
    Restore {
        /// The backup.
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        from: PathBuf,
    },
    /// Take a contact out, never contact them again, or allow it again.
    Contact {
        #[command(subcommand)]
        command: Contact,
    },
    /// Erase a contact: everything but ids, decisions and enrollments. It cannot be taken back.
    Forget(About),
    /// Read the whole store and compare every checksum, number and chain; nothing is changed.
    Verify {
        /// A backup to read instead of the store.
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        backup: Option<PathBuf>,
    },
    /// Look for changes that were never delivered, and feed them to the rules.
    Reconcile {
        /// Since when: a time such as 2026-11-24T08:00:00Z, or how long ago, such as 36h.
        #[arg(long, value_name = "TIME", value_parser = super::reconcile::parse_since)]
        since: super::reconcile::Since,
    },
    /// Book what HubSpot already shows, before the first live day: nobody gets a second conversation.
    Seed(Seed),
    /// List what waits and comes back by itself.
    Waiting,
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
    /// Write rules files in one style; what they mean never changes.
    Fmt {
        /// Files, or folders with every *.toml in them; else [rules] path of the configuration.
        ///
        /// "-" reads standard input and writes what it formatted to standard output.
        paths: Vec<PathBuf>,
        /// Write nothing; end with 1 where a file is not in this style.
        #[arg(long)]
        check: bool,
    },
    /// Print a JSON Schema for editors: completion, hover texts, errors.
    Schema {
        /// Which files.
        #[arg(value_enum, default_value_t = Schema::Rules)]
        of: Schema,
    },
    /// Load the rules folder now; the running set stays when it is refused.
    Reload,
    /// Tell whether a running router answers (for health checks).
    Health,
    /// Print a script that completes this command line in a shell.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print a manual page, or write them all.
    Man {
        /// The command, for example "held release"; else the page of hubroute itself.
        #[arg(value_name = "COMMAND", conflicts_with = "out")]
        path: Vec<String>,
        /// Write every page into this folder instead.
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        out: Option<PathBuf>,
    },
    /// What may come next; the completion scripts ask this.
    #[command(name = super::complete::COMMAND, hide = true)]
    Complete {
        /// Another word follows that is still empty (some shells drop empty ones).
        #[arg(long)]
        next: bool,
        /// The words after the program's name; the last one is being written.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// List and decide what waits for a person: open breakers, approvals, what nobody can send.
    Held {
        #[command(subcommand)]
        command: Held,
    },
    /// List and resolve calls whose outcome nobody could tell.
    InDoubt {
        #[command(subcommand)]
        command: InDoubt,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct Seed {
    /// A table of enrollments: contact, workflow (or sequence), enrolled_at, ended_at.
    ///
    /// HubSpot tells who was in which sequence, not who was in which workflow: export that.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) csv: Option<PathBuf>,
    /// Do not search HubSpot: what is known is right as it is.
    #[arg(long)]
    pub(super) skip: bool,
    /// Your name, for the record.
    #[arg(long, default_value = "command line")]
    pub(super) who: String,
    /// Why, for the record.
    #[arg(long, default_value = "")]
    pub(super) note: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum Held {
    /// List what is held.
    List,
    /// Let held work go on, through every gate but the one that held it.
    Release(Pick),
    /// End held work: it enrolls nobody.
    Discard(Pick),
}

/// Which of what is held, by whom and why.
#[derive(Debug, ClapArgs)]
pub(super) struct Pick {
    /// The id of the decision record.
    #[arg(required_unless_present = "rule", conflicts_with = "rule")]
    pub(super) id: Option<String>,
    /// Everything of this rule that a breaker holds.
    #[arg(long)]
    pub(super) rule: Option<String>,
    /// No more than this many of it.
    #[arg(long, value_name = "N", requires = "rule")]
    pub(super) first: Option<usize>,
    /// Your name, for the record.
    #[arg(long)]
    pub(super) who: String,
    /// Why, for the record.
    #[arg(long)]
    pub(super) note: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum Contact {
    /// Take a contact out, and end what waits for them.
    TakeOut {
        #[command(flatten)]
        about: About,
        /// Out of this theme; may be said several times.
        #[arg(long = "theme", value_name = "NAME", required_unless_present = "everything")]
        themes: Vec<String>,
        /// Out of everything.
        #[arg(long, conflicts_with = "themes")]
        everything: bool,
    },
    /// Take a contact out of everything, and never enroll them again.
    NeverContactAgain(About),
    /// Take "never contact again" back.
    AllowAgain(About),
}

/// Which contact, by whom and why.
#[derive(Debug, ClapArgs)]
pub(super) struct About {
    /// A contact id, an email address, or the link of the record in HubSpot.
    pub(super) contact: String,
    /// Your name, for the record.
    #[arg(long)]
    pub(super) who: String,
    /// Why, for the record.
    #[arg(long)]
    pub(super) note: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum InDoubt {
    /// List the calls in doubt.
    List,
    /// Record what you found in HubSpot.
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
pub(super) struct Check {
    /// The rules folder; else [rules] path of the configuration.
    #[arg(value_hint = ValueHint::DirPath)]
    pub(super) rules: Option<PathBuf>,
    /// How findings are written.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(super) format: CheckFormat,
    /// Also check against the HubSpot account, and refresh the lock file of its properties.
    ///
    /// Only reads. The account is that of the access token.
    #[arg(long)]
    pub(super) portal: bool,
    /// End with 3 when there are warnings.
    #[arg(long)]
    pub(super) deny_warnings: bool,
    /// Another state of the folder: rules that got another id since are pointed out.
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(super) against: Option<PathBuf>,
    /// The day to judge what is over by; else today.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(super) today: Option<jiff::civil::Date>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Test {
    /// The rules folder; else [rules] path of the configuration.
    #[arg(value_hint = ValueHint::DirPath)]
    pub(super) rules: Option<PathBuf>,
    /// Only tests whose sentence or place this regular expression finds, in any case.
    #[arg(long, value_name = "REGEX")]
    pub(super) run: Option<String>,
    /// Also write a JUnit report.
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Also list rules and conditions that no test exercises.
    #[arg(long)]
    pub(super) cover: bool,
    /// Write a test from a stored decision about this contact (id, email or link) instead.
    #[arg(long, value_name = "CONTACT", conflicts_with_all = ["run", "junit", "cover"])]
    pub(super) record: Option<String>,
    /// With --record: the decision of this rule.
    #[arg(long, value_name = "ID", requires = "record")]
    pub(super) rule: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Replay {
    /// A file of JSON lines; else the stored journal.
    #[arg(conflicts_with = "last")]
    pub(super) file: Option<PathBuf>,
    /// Of the journal only so long, for example 7d, 24h or "2 weeks".
    #[arg(long, value_name = "TIME", value_parser = super::replay::parse_last)]
    pub(super) last: Option<Span>,
    /// The rules folder; else [rules] path of the configuration.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) rules: Option<PathBuf>,
    /// What would change under this rules folder.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) against: Option<PathBuf>,
    /// How the answer is written; json: one object for each record.
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(super) format: DataFormat,
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

/// A day as people write it; the error says how.
fn day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "write a day as 2026-11-24".to_owned())
}
