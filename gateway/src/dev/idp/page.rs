//! The pages on which a person types a device's code, or logs in to the web page: plain HTML without
//! scripts.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::DevUser;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:24rem;margin:4rem auto;\
padding:0 1rem}label,input,select,button{display:block;width:100%;box-sizing:border-box}\
input,select,button{font:inherit;padding:.5rem;margin:.25rem 0 1rem}[role=alert]{color:#b00020}";

/// What the browser may do with the page: show it, and send its form back.
pub(super) fn content_security_policy() -> String {
    let style = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
}

/// Fields that a form carries along unseen.
pub(super) type Hidden = Vec<(String, String)>;

/// The form of a device's code, filled in as far as it is known, with what was wrong the last time.
pub(super) fn form(users: &[DevUser], user_code: &str, problem: Option<&str>) -> String {
    // The action is relative, so that the page need not know where it is mounted.
    document(&format!(
        "<h1>Log in to kguard</h1>{}\
         <p>Go on only if the code is the one that your own terminal shows.</p>\
         <form method=\"post\" action=\"device\">\
         <label for=\"user_code\">Code</label>\
         <input id=\"user_code\" name=\"user_code\" value=\"{}\" required maxlength=\"16\" \
         autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\">\
         {}</form>",
        alert(problem),
        escape(user_code),
        credentials(users),
    ))
}

/// The form of a login to the web page.
pub(super) fn login(users: &[DevUser], hidden: &Hidden, problem: Option<&str>) -> String {
    let hidden: String = hidden.iter().fold(String::new(), |mut inputs, (name, value)| {
        let (name, value) = (escape(name), escape(value));
        let _ = write!(inputs, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
        inputs
    });
    document(&format!(
        "<h1>Log in to kguard</h1>{}<form method=\"post\" action=\"authorize\">{hidden}{}</form>",
        alert(problem),
        credentials(users),
    ))
}

/// A request for a login that leads nowhere.
pub(super) fn refused(problem: &str) -> String {
    document(&format!("<h1>This is no login to kguard</h1>{}", alert(Some(problem))))
}

fn alert(problem: Option<&str>) -> String {
    let alert = problem.map(|text| format!("<p role=\"alert\">{}</p>", escape(text)));
    alert.unwrap_or_default()
}

fn credentials(users: &[DevUser]) -> String {
    let options: String = users.iter().fold(String::new(), |mut options, user| {
        let name = escape(&user.name);
        let _ = write!(options, "<option value=\"{name}\">{name}</option>");
        options
    });
    format!(
        "<label for=\"user\">User</label><select id=\"user\" name=\"user\">{options}</select>\
         <label for=\"password\">Password</label>\
         <input id=\"password\" name=\"password\" type=\"password\" required maxlength=\"128\" \
         autocomplete=\"current-password\"><button>Log in</button>"
    )
}

/// The end of a login that worked.
pub(super) fn done(user: &str) -> String {
    document(&format!(
        "<h1>Logged in as {}</h1><p>Go back to your terminal; this page can be closed.</p>",
        escape(user)
    ))
}

fn document(body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>kguard login</title>\
         <style>{STYLE}</style><body>{body}</body></html>"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("&quot;"),
            '&' => escaped.push_str("&amp;"),
            '\'' => escaped.push_str("&#39;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_link_fills_in_stays_text() {
        let page = form(&[], "\"><script>alert('x')</script>", Some("<b>"));
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("&quot;&gt;&lt;script&gt;"));
    }
}
