//! Query parameters: what is not known is refused, with what would be.

use actix_web::HttpRequest;
use actix_web::web::Query;

use crate::admin::problem::Problem;
use crate::admin::routes::Call;

/// Entries of one page, unless told.
const LIMIT: usize = 100;
/// Entries of one page at most.
const LIMIT_MAX: usize = 1_000;

/// The parameters of a call, each known and there once.
#[derive(Debug)]
pub(in crate::admin) struct Params(Vec<(String, String)>);

impl Params {
    /// Refuses what `call` does not know, and what is there twice.
    pub(in crate::admin) fn check(call: Call, query: &str) -> Result<(), Problem> {
        let known = call.spec().query;
        let params = Self::parse(query)?.0;
        for (at, (name, _)) in params.iter().enumerate() {
            if !known.iter().any(|(known, _)| known == name) {
                return Err(Problem::query(
                    format!("There is no parameter {name:?}."),
                    names(call),
                ));
            }
            if params[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(Problem::query(format!("{name} is there twice."), "Say it once."));
            }
        }
        Ok(())
    }

    /// The parameters of a request that [`Params::check`] has let pass.
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        Self::parse(request.query_string())
    }

    fn parse(query: &str) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::from_query(query);
        pairs.map(|pairs| Self(pairs.into_inner())).map_err(|_| {
            Problem::query("The query cannot be read.", "Write name=value&name=value, UTF-8.")
        })
    }

    /// A parameter as it stands.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A parameter that `read` understands, or a refusal that says what it may be.
    pub(super) fn value<T>(
        &self,
        name: &str,
        allowed: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.text(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| {
            Problem::query(format!("{name} cannot be {value:?}."), format!("It is {allowed}."))
        })
    }

    /// One of a fixed set, by its code.
    pub(super) fn one_of<T: Copy>(
        &self,
        name: &str,
        all: &[T],
        code: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>, Problem> {
        let codes: Vec<&str> = all.iter().map(|one| code(*one)).collect();
        let allowed = format!("one of {}", codes.join(", "));
        self.value(name, &allowed, |value| all.iter().copied().find(|one| code(*one) == value))
    }

    /// Entries of the page asked for.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        let read = |value: &str| value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
        let limit = self.value("limit", "a number from 1 to 1000", read)?;
        Ok(limit.unwrap_or(LIMIT))
    }
}

fn names(call: Call) -> String {
    let known: Vec<&str> = call.spec().query.iter().map(|(name, _)| *name).collect();
    if known.is_empty() {
        return "This call takes none.".to_owned();
    }
    format!("There are {}.", known.join(", "))
}
