//! `GET /`: one page for people, without scripts, until the full pages are there.

use std::fmt::{self, Display, Write as _};

use actix_web::{HttpResponse, web};

use super::office::Office;
use super::problem::Problem;
use super::routes::{Call, Class};
use super::status::{Status, look};

/// The state in one sentence, what a person should look at, and where to read on.
pub(super) async fn home<O: Office>(office: web::Data<O>) -> Result<HttpResponse, Problem> {
    let page = write(&look(&office).await?);
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}

fn write(status: &Status) -> String {
    let alerts = status.alerts.iter().map(|alert| format!("<li>{}</li>\n", Html(&alert.sentence)));
    let linked = |call: &&Call| call.class() != Class::Press && !call.spec().path.contains('{');
    let links = Call::ALL.iter().filter(linked).map(|call| {
        let (path, says) = (Html(call.spec().path), Html(call.spec().says));
        format!("<li><a href=\"{path}\">{path}</a> {says}</li>\n")
    });
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>hubroute</title>\n\
         <h1>hubroute</h1>\n\
         <p>Routes HubSpot contact changes to at most one enrollment per theme.</p>\n\
         <p><strong>{}</strong></p>\n<ul>\n{}</ul>\n<h2>Read on</h2>\n<ul>\n{}</ul>\n</html>\n",
        Html(&status.sentence),
        alerts.collect::<String>(),
        links.collect::<String>(),
    )
}

/// Text inside an element or a quoted attribute.
struct Html<'a>(&'a str);

impl Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            _ => f.write_char(char),
        })
    }
}
