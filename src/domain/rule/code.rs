//! The stable codes of diagnostics. Never renamed or reused, only added.

/// The file is not TOML.
pub const SYNTAX: &str = "HR001";
/// A key that no table of this kind has.
pub const UNKNOWN_KEY: &str = "HR002";
/// A required key is missing.
pub const MISSING: &str = "HR003";
/// A value of the wrong kind: text where a number belongs.
pub const WRONG_KIND: &str = "HR004";
/// A word or text that is not accepted here.
pub const BAD_VALUE: &str = "HR005";
/// A number outside its range.
pub const OUT_OF_RANGE: &str = "HR006";
/// A duration that cannot be read or does not fit.
pub const DURATION: &str = "HR007";
/// A name that stands for nothing.
pub const UNKNOWN_NAME: &str = "HR008";
/// A name, id or number used twice.
pub const TWICE: &str = "HR009";
/// A `[sub.table]` where only an inline table is accepted.
pub const NESTED_TABLE: &str = "HR010";
/// A file or a set over its limit.
pub const LIMIT: &str = "HR011";
/// A key that only `hubroute test` judges so far.
pub const THEN_STAGE: &str = "HR012";
/// A condition without exactly one subject and one operator.
pub const CONDITION: &str = "HR013";
/// An operator that cannot work on the property's type.
pub const OPERATOR: &str = "HR014";
/// A property that the portal does not have.
pub const UNKNOWN_PROPERTY: &str = "HR015";
/// A label where the internal value belongs, or a value that is no option.
pub const NOT_AN_OPTION: &str = "HR016";
/// A trigger that names no change, or two.
pub const TRIGGER: &str = "HR017";
/// An action that is missing, doubled or incomplete.
pub const ACTION: &str = "HR018";
/// A beginning after its end.
pub const ORDER: &str = "HR019";
/// Two keys that contradict each other.
pub const CONTRADICTION: &str = "HR020";
/// A file that is not UTF-8.
pub const NOT_TEXT: &str = "HR021";
/// A marker that a workflow cannot stamp with a date and a time.
pub const MARKER: &str = "HR022";

/// Lint: live belongs in the rule, not in the defaults.
pub const LINT_DEFAULT_LIVE: &str = "HR101";
/// Lint: a blank does not count for a negative operator here.
pub const LINT_OR_UNKNOWN: &str = "HR102";
/// Lint: two rules of one theme start alike with one priority.
pub const LINT_SAME_RANK: &str = "HR103";
/// Lint: two senders share one inbox.
pub const LINT_SHARED_INBOX: &str = "HR104";
/// Lint: a destination that no rule uses.
pub const LINT_UNUSED: &str = "HR105";
/// Lint: `becomes_known` of a date fires once in a lifetime.
pub const LINT_KNOWN_ONCE: &str = "HR106";
/// Lint: two themes block each other.
pub const LINT_MUTUAL_BLOCK: &str = "HR107";
/// Lint: the breaker is off.
pub const LINT_BREAKER_OFF: &str = "HR108";
/// Lint: lifecycle stage is a high-water mark.
pub const LINT_HIGH_WATER: &str = "HR109";
/// Lint: conditions on one property that exclude each other.
pub const LINT_NEVER: &str = "HR110";
/// Lint: two rules with the same trigger and destination.
pub const LINT_SAME_WAY: &str = "HR111";
/// Lint: a rule in a theme that a busier one blocks.
pub const LINT_SILENCED: &str = "HR112";
/// Lint: a live rule that no test fires.
pub const LINT_UNTESTED: &str = "HR113";
/// Lint: a rule that ended long ago.
pub const LINT_ENDED: &str = "HR114";
/// Lint: a calendar without dates, or whose dates are running out.
pub const LINT_CALENDAR_OVER: &str = "HR115";
/// Lint: a full sender would exceed the send limit of the inbox.
pub const LINT_SEND_LIMIT: &str = "HR116";
/// Lint: `on_conflict = "replace"` stops a running sequence.
pub const LINT_REPLACE: &str = "HR117";
/// Lint: a rule got another id without `was`.
pub const LINT_RENAMED: &str = "HR118";
/// Lint: a workflow that re-enrolls and may be over before anybody looks leaves no trace.
pub const LINT_NO_TRACE: &str = "HR119";

/// With HubSpot: `[portal] id` is not the account of the token.
pub const PORTAL_OTHER: &str = "HR201";
/// With HubSpot: a sender who is no owner there, or another user.
pub const PORTAL_SENDER: &str = "HR202";
/// With HubSpot, lint: a sender who is deactivated there.
pub const PORTAL_INACTIVE: &str = "HR203";
/// With HubSpot, lint: a sender without a Sales or Service seat.
pub const PORTAL_SEAT: &str = "HR204";
/// With HubSpot: a sequence that no sender sees.
pub const PORTAL_SEQUENCE: &str = "HR205";
/// With HubSpot, lint: a sequence that one of its senders cannot see.
pub const PORTAL_UNSEEN: &str = "HR206";
/// With HubSpot: a workflow that is not there, or not one of contacts.
pub const PORTAL_WORKFLOW: &str = "HR207";
/// With HubSpot: a workflow that is turned off.
pub const PORTAL_OFF: &str = "HR208";
/// With HubSpot: `re_enrolls` says something else than the workflow.
pub const PORTAL_RE_ENROLLS: &str = "HR209";
/// With HubSpot: a list that is not there.
pub const PORTAL_LIST: &str = "HR210";
/// With HubSpot: a subscription type that is not there.
pub const PORTAL_CONSENT: &str = "HR211";
/// With HubSpot, lint: a webhook subscription is missing.
pub const PORTAL_WEBHOOK: &str = "HR212";
/// With HubSpot: the bridge's property does not exist.
pub const PORTAL_BRIDGE: &str = "HR213";
/// With HubSpot, lint: a property whose changes HubSpot never sends.
pub const PORTAL_UNSENT: &str = "HR214";
/// With HubSpot, lint: a `changeSource` that the router has never seen.
pub const PORTAL_SOURCE: &str = "HR215";
/// With HubSpot: a workflow's marker that does not exist, or takes no date.
pub const PORTAL_MARKER: &str = "HR216";
