//! Every call there is: where, who may, with which parameters, and what answers.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError, Route, guard, web};

use super::api::{
    contact, decisions, explain, lists, openapi, people, press, reasons, reconcile, rule_sets,
    rules, seed, senders,
};
use super::office::Office;
use super::problem::Problem;
use super::{health, page, scrape, status};

/// The longest body of a press.
const BODY_MAX: usize = 64 * 1024;

/// Who may make a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Anybody: a health check.
    Open,
    /// Who has the token, or anybody with `open_metrics`.
    Metrics,
    /// Who has the token: it only reads.
    Read,
    /// Who has the token: it changes something.
    Press,
}

/// What a call is, for the OpenAPI document and the checks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    /// Its path, as the router of actix-web takes it.
    pub(super) path: &'static str,
    /// Who may make it.
    pub(super) class: Class,
    /// What it gives.
    pub(super) says: &'static str,
    /// Its query parameters and what each means.
    pub(super) query: &'static [(&'static str, &'static str)],
    /// The keys of its JSON body; one that may be missing ends with `?`.
    pub(super) body: &'static [&'static str],
}

const PAGING: &[(&str, &str)] = &[
    ("limit", "at most so many entries: 1 to 1000, 100 unless told"),
    ("after", "`paging.next.after` of the page before"),
];

const DECISIONS: &[(&str, &str)] = &[
    ("contact", "only this contact id, merged ids included"),
    ("rule", "only this rule id"),
    ("decision", "only enroll, unenroll, wait, hold, skip, ignore or fail"),
    ("reason", "only this reason code"),
    ("since", "only from this RFC 3339 time on; write + as %2B"),
    ("history", "true: every row, not only the newest of each id"),
    PAGING[0],
    PAGING[1],
];

macro_rules! calls {
    ($($call:ident: $class:ident $path:literal $query:ident $body:expr, $says:literal;)+) => {
        /// A call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Call {
            $(#[doc = $says] $call,)+
        }

        impl Call {
            /// Every call there is.
            pub(super) const ALL: &'static [Self] = &[$(Self::$call),+];

            /// What it is.
            pub(super) const fn spec(self) -> Spec {
                match self {
                    $(Self::$call => Spec {
                        path: $path,
                        class: Class::$class,
                        says: $says,
                        query: $query,
                        body: $body,
                    },)+
                }
            }
        }
    };
}

const NONE: &[(&str, &str)] = &[];

calls! {
    Healthz: Open "/healthz" NONE &[], "200 while the process answers";
    Readyz: Open "/readyz" NONE &[], "200 while deliveries can be stored, else 503";
    Metrics: Metrics "/metrics" NONE &[], "OpenMetrics text";
    Home: Read "/" NONE &[], "A page for people";
    Status: Read "/api/v1/status" NONE &[], "The state in one sentence and in figures";
    Decisions: Read "/api/v1/decisions" DECISIONS &[], "Decision records, newest first";
    Reasons: Read "/api/v1/reasons" NONE &[], "Every reason code with its decisions";
    Contact: Read "/api/v1/contacts/{id}" NONE &[], "What is known of one person";
    Explain: Read "/api/v1/contacts/{id}/explain" NONE &[],
        "Why a contact was, or was not, enrolled: each rule asked now";
    TakeOut: Press "/api/v1/contacts/{id}/take-out" NONE
        &["themes?", "everything?", "who", "note"],
        "Takes a contact out of themes or of everything, and ends what waits there";
    NeverAgain: Press "/api/v1/contacts/{id}/never-contact-again" NONE &["who", "note"],
        "Takes a contact out of everything, and never enrolls them again";
    AllowAgain: Press "/api/v1/contacts/{id}/allow-again" NONE &["who", "note"],
        "Takes \"never contact again\" back";
    Forget: Press "/api/v1/contacts/{id}/forget" NONE &["who", "note"],
        "Erases a contact: everything but ids, decisions and enrollments";
    Waiting: Read "/api/v1/waiting" PAGING &[], "What comes back by itself";
    Held: Read "/api/v1/held" PAGING &[], "What needs a person";
    Release: Press "/api/v1/held/{id}/release" NONE &["who", "note"],
        "Lets what is held go on, through every gate but the one that held it";
    Discard: Press "/api/v1/held/{id}/discard" NONE &["who", "note"], "Ends what is held";
    InDoubt: Read "/api/v1/in-doubt" PAGING &[], "Calls whose outcome is not known";
    Resolve: Press "/api/v1/in-doubt/{id}/resolve" NONE &["as", "who", "note"],
        "Says what a person found in HubSpot: as enrolled or not-enrolled";
    Senders: Read "/api/v1/senders" NONE &[], "Each sender's budget and state";
    Rules: Read "/api/v1/rules" NONE &[], "Each rule with its decisions counted";
    RuleSets: Read "/api/v1/rule-sets" PAGING &[],
        "Accepted rule sets, newest first: when, which files changed";
    Reload: Press "/api/v1/reload" NONE &[], "Loads the rules now; 422 when they are refused";
    Reconcile: Press "/api/v1/reconcile" NONE &["since"],
        "Looks for changes since then that were never delivered, and feeds them to the rules";
    Reconciled: Read "/api/v1/reconciled" NONE &[], "How far that is, or how it ended";
    Seed: Press "/api/v1/seed" NONE &["skip?", "who", "note"],
        "Books every sequence that HubSpot shows; with skip it takes the memory for right as it is";
    SeedRows: Press "/api/v1/seed/enrollments" NONE &["enrollments", "who", "note"],
        "Books enrollments that a person wrote down: contact, workflow or sequence, enrolled_at";
    Seeded: Read "/api/v1/seeded" NONE &[], "How far seeding is, or how it ended";
    Pause: Press "/api/v1/pause" NONE &["who", "note"], "No call leaves from now on";
    Resume: Press "/api/v1/resume" NONE &["who", "note"], "Calls leave again";
    OpenApi: Read "/api/v1/openapi.json" NONE &[], "This API in the words of OpenAPI";
}

impl Call {
    /// The call at a path, as the table spells it.
    pub(super) fn at(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|call| call.spec().path == path)
    }

    /// Who may make it.
    pub(super) const fn class(self) -> Class {
        self.spec().class
    }

    /// Its method.
    pub(super) const fn method(self) -> &'static str {
        match self.class() {
            Class::Press => "POST",
            Class::Open | Class::Metrics | Class::Read => "GET",
        }
    }

    fn route<O: Office>(self) -> Route {
        let route = match self.class() {
            Class::Press => web::post(),
            _ => web::route().guard(guard::Any(guard::Get()).or(guard::Head())),
        };
        match self {
            Self::Healthz => route.to(health::healthz),
            Self::Readyz => route.to(health::readyz::<O>),
            Self::Metrics => route.to(scrape::metrics::<O>),
            Self::Home => route.to(page::home::<O>),
            Self::Status => route.to(status::status::<O>),
            Self::Decisions => route.to(decisions::decisions::<O>),
            Self::Reasons => route.to(reasons::reasons),
            Self::Contact => route.to(contact::contact::<O>),
            Self::Explain => route.to(explain::explain::<O>),
            Self::TakeOut => route.to(people::take_out::<O>),
            Self::NeverAgain => route.to(people::never_again::<O>),
            Self::AllowAgain => route.to(people::allow_again::<O>),
            Self::Forget => route.to(people::forget::<O>),
            Self::Waiting => route.to(lists::waiting::<O>),
            Self::Held => route.to(lists::held::<O>),
            Self::Release => route.to(press::release::<O>),
            Self::Discard => route.to(press::discard::<O>),
            Self::InDoubt => route.to(lists::in_doubt::<O>),
            Self::Resolve => route.to(press::resolve::<O>),
            Self::Senders => route.to(senders::senders::<O>),
            Self::Rules => route.to(rules::rules::<O>),
            Self::RuleSets => route.to(rule_sets::rule_sets::<O>),
            Self::Reload => route.to(press::reload::<O>),
            Self::Reconcile => route.to(reconcile::reconcile::<O>),
            Self::Reconciled => route.to(reconcile::reconciled::<O>),
            Self::Seed => route.to(seed::seed::<O>),
            Self::SeedRows => route.to(seed::enrollments::<O>),
            Self::Seeded => route.to(seed::seeded::<O>),
            Self::Pause => route.to(press::pause::<O>),
            Self::Resume => route.to(press::resume::<O>),
            Self::OpenApi => route.to(openapi::openapi),
        }
    }
}

/// Puts every call in its place.
pub(super) fn register<O: Office>(config: &mut web::ServiceConfig) {
    config.app_data(
        web::JsonConfig::default()
            .limit(BODY_MAX)
            .error_handler(|error, _| press::unreadable(&error).into()),
    );
    for call in Call::ALL {
        let resource = web::resource(call.spec().path).route(call.route::<O>());
        config.service(resource.default_service(web::to(wrong_method)));
    }
}

/// 404 for a path that is not there.
pub(super) async fn unknown(request: HttpRequest) -> HttpResponse {
    let message = format!("There is nothing at {}.", request.path());
    Problem::not_found(message, "GET /api/v1/openapi.json lists every call.").error_response()
}

/// 405 for a path that is there.
async fn wrong_method(request: HttpRequest) -> HttpResponse {
    let call = request.match_pattern().and_then(|path| Call::at(&path));
    let allowed = call.map_or("GET", Call::method);
    let problem = Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        format!("{} is not for {}.", request.method(), request.path()),
        format!("Use {allowed}."),
    );
    let mut answer = problem.error_response();
    answer.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    answer
}
