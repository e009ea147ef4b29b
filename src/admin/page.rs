//! `GET /`: one page for people, without scripts, until the full pages are there.

use actix_web::{HttpResponse, web};

use super::office::Office;
use super::problem::Problem;
use super::routes::{Call, Class};
use super::status::look;

/// The state in one sentence, what needs a person, and where to read on.
pub(super) async fn home<O: Office>(office: web::Data<O>) -> Result<HttpResponse, Problem> {
    let status = look(&office).await?;
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>hubroute</title>\n\
         <h1>hubroute</h1>\n\
         <p>Routes HubSpot contact changes to at most one enrollment per theme.</p>\n",
    );
    append(&mut page, "<p><strong>", &status.sentence, "</strong></p>\n");
    page.push_str("<ul>\n");
    for alert in &status.alerts {
        append(&mut page, "<li>", &alert.sentence, "</li>\n");
    }
    page.push_str("</ul>\n<h2>Read on</h2>\n<ul>\n");
    let linked = |call: &&Call| call.class() != Class::Press && !call.spec().path.contains('{');
    for spec in Call::ALL.iter().filter(linked).map(|call| call.spec()) {
        let (path, says) = (escape(spec.path), escape(spec.says));
        append(&mut page, &format!("<li><a href=\"{path}\">{path}</a> "), &says, "</li>\n");
    }
    page.push_str("</ul>\n</html>\n");
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}

/// Adds a text between two pieces of markup; the text is shown as it is, never as markup.
fn append(page: &mut String, before: &str, text: &str, after: &str) {
    page.push_str(before);
    page.push_str(&escape(text));
    page.push_str(after);
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_not_run() {
        assert_eq!(escape("<script>\"&'"), "&lt;script&gt;&quot;&amp;&#39;");
    }
}
