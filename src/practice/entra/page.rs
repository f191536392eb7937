//! The pages of the sign-in service: plain HTML without scripts, so that any client can read and submit them.

use crate::practice::wire::Reply;

/// Makes a text safe to stand in HTML, in and outside of attributes. Control characters become spaces.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:3em auto;padding:0 1em}\
    button{font:inherit;display:block;margin:.4em 0;padding:.4em 1em;min-width:16em;text-align:left}\
    .note{color:#555;font-size:.9em}code{overflow-wrap:anywhere}";

/// A whole page. `title` is text, `body` is HTML.
pub fn page(status: u16, title: &str, body: &str) -> Reply {
    let title = escape(title);
    Reply::html(
        status,
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
             <style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n{body}\n\
             <p class=\"note\">This is the practice cloud. Nothing here reaches Microsoft.</p></body></html>\n"
        ),
    )
    .with("cache-control", "no-store")
    .with("referrer-policy", "no-referrer")
}

/// A page with one sentence.
pub fn message(status: u16, title: &str, sentence: &str) -> Reply {
    page(status, title, &format!("<p>{}</p>", escape(sentence)))
}

/// The error page.
pub fn refusal(status: u16, headline: &str, trace: &str, correlation: &str, time: &str) -> Reply {
    page(
        status,
        "Sorry, but we're having trouble signing you in.",
        &format!(
            "<p id=\"exceptionMessage\">{}</p>\n<p class=\"note\">Request Id: {trace}<br>Correlation Id: {correlation}\
             <br>Timestamp: {time}</p>",
            escape(headline)
        ),
    )
}

/// A form that repeats these pairs as hidden fields around its own controls (HTML).
pub fn form(method: &str, action: &str, hidden: &[(String, String)], controls: &str) -> String {
    let mut html = format!("<form method=\"{method}\" action=\"{}\">\n", escape(action));
    for (name, value) in hidden {
        html.push_str(&hidden_field(name, value));
    }
    html.push_str(controls);
    html.push_str("</form>\n");
    html
}

/// One hidden field.
fn hidden_field(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value))
}

/// One button that submits a value.
pub fn button(name: &str, value: &str, label: &str) -> String {
    format!("<button name=\"{}\" value=\"{}\">{}</button>\n", escape(name), escape(value), escape(label))
}

/// The page that carries a `form_post` answer. Without scripts the person presses the button.
pub fn form_post(redirect_uri: &str, pairs: &[(String, String)]) -> Reply {
    let controls = "<button>Continue</button>\n";
    page(
        200,
        "Working...",
        &format!(
            "<p>Press Continue to go back to the application.</p>\n{}",
            form("post", redirect_uri, pairs, controls)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_cannot_leave_its_place() {
        let page = form("get", "/x", &[("a\"><script>".into(), "\u{1b}]0;x\u{7}'".into())], "");
        assert!(!page.contains("<script>") && !page.contains('\u{1b}') && !page.contains('\''), "{page}");
    }
}
