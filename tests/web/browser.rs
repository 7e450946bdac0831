//! A browser without a window: cookies for each address, redirects one at a time, forms.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use crate::harness::http::{self, Answer};
use crate::harness::provider::Provider;
use crate::harness::{Gateway, eventually};

/// The session's cookie.
pub const SESSION: &str = "__Host-kguard";

/// Somebody's browser.
pub struct Browser {
    /// Where the gateway is.
    pub url: String,
    cas: HashMap<String, PathBuf>,
    cookies: HashMap<String, BTreeMap<String, String>>,
}

/// What the page knows of its session.
pub struct Page {
    pub session: serde_json::Value,
}

impl Page {
    /// The header against forged requests.
    pub fn csrf(&self) -> String {
        format!("X-Kguard-Csrf: {}", self.session["csrf"].as_str().unwrap())
    }
}

/// What a browser says of a request that the page sends.
pub const SAME_ORIGIN: &str = "Sec-Fetch-Site: same-origin";

impl Browser {
    /// A browser that trusts a gateway and a provider, and has been nowhere.
    pub fn new(gateway: &Gateway, provider: &Provider) -> Self {
        let cas = [
            (gateway.url.clone(), gateway.ca.clone()),
            (provider.issuer.clone(), provider.ca.clone()),
        ];
        Self { url: gateway.url.clone(), cas: cas.into(), cookies: HashMap::new() }
    }

    /// A browser of the gateway's own provider.
    pub fn of(url: &str, ca: PathBuf) -> Self {
        Self { url: url.to_owned(), cas: [(url.to_owned(), ca)].into(), cookies: HashMap::new() }
    }

    /// Logs in at the gateway, up to the address that the provider sends the browser back to.
    pub fn begin(&mut self, user: &str) -> String {
        let begun = self.get("/ui/login");
        self.sign_in(&location(&begun), user)
    }

    /// Logs in at the provider, beginning at an address there; where it sends the browser back to.
    pub fn sign_in(&mut self, address: &str, user: &str) -> String {
        let mut address = address.to_owned();
        while !address.contains("/ui/callback?") {
            let mut answer = self.go(&address);
            if answer.status == 200 {
                let action =
                    resolve(&address, attribute(&answer.body, "action").unwrap_or(&address));
                let form = filled_in(&answer.body, user);
                answer = self.visit("POST", &action, &[], Some(&form));
            }
            address = resolve(&address, &location(&answer));
        }
        address
    }

    /// Logs in, and asks as the page does who that is.
    pub fn log_in(&mut self, user: &str) -> Page {
        let back = self.begin(user);
        let answer = self.go(&back);
        assert_eq!(answer.status, 303, "{answer:?}");
        self.page()
    }

    /// Who is logged in.
    #[track_caller]
    pub fn page(&mut self) -> Page {
        let answer = self.get("/ui/session");
        assert_eq!(answer.status, 200, "{answer:?}");
        Page { session: answer.json() }
    }

    /// Waits until a session is over.
    pub fn await_end(&mut self) {
        eventually("the end of the session", || {
            (self.get("/ui/session").status == 401).then_some(())
        });
    }

    /// A cookie of the gateway.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.get(&self.url)?.get(name).cloned()
    }

    /// Puts a cookie of the gateway in, as somebody might who has the browser in his hands.
    pub fn plant(&mut self, name: &str, value: &str) {
        let url = self.url.clone();
        self.cookies.entry(url).or_default().insert(name.to_owned(), value.to_owned());
    }

    /// Opens a page.
    pub fn go(&mut self, address: &str) -> Answer {
        self.visit("GET", address, &[], None)
    }

    /// What the page reads from the gateway.
    pub fn get(&mut self, path: &str) -> Answer {
        self.visit("GET", &format!("{}{path}", self.url), &[SAME_ORIGIN], None)
    }

    /// What anybody sends to the gateway: with the cookies, and what headers there are.
    pub fn post(&mut self, path: &str, headers: &[&str], body: &str) -> Answer {
        let headers = [headers, &["Content-Type: application/json"]].concat();
        self.visit("POST", &format!("{}{path}", self.url), &headers, Some(body))
    }

    /// One request, without following where it leads.
    pub fn visit(
        &mut self,
        method: &str,
        address: &str,
        headers: &[&str],
        body: Option<&str>,
    ) -> Answer {
        let origin = origin(address);
        let target = match &address[origin.len()..] {
            "" => "/",
            target => target.split('#').next().unwrap(),
        };
        let ca = self.cas.get(&origin).unwrap_or_else(|| panic!("led to {address}")).clone();
        let mut head = format!("{method} {target} HTTP/1.1\r\n");
        for header in headers {
            head += &format!("{header}\r\n");
        }
        if body.is_some() && !head.to_lowercase().contains("content-type:") {
            head += "Content-Type: application/x-www-form-urlencoded\r\n";
        }
        let cookies = self.cookies.entry(origin.clone()).or_default();
        if !cookies.is_empty() {
            let pairs: Vec<_> =
                cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            head += &format!("Cookie: {}\r\n", pairs.join("; "));
        }
        let answer = http::raw(&origin, &ca, &head, body.unwrap_or_default());
        self.keep(&origin, &answer);
        answer
    }

    fn keep(&mut self, origin: &str, answer: &Answer) {
        let cookies = self.cookies.entry(origin.to_owned()).or_default();
        for cookie in headers(answer, "set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() || cookie.to_lowercase().contains("max-age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// An address as a page at another one writes it.
fn resolve(base: &str, relative: &str) -> String {
    let relative = relative.replace("&amp;", "&");
    if relative.starts_with("https://") {
        return relative;
    }
    if relative.starts_with('/') {
        return format!("{}{relative}", origin(base));
    }
    let path = base.split('?').next().unwrap();
    format!("{}/{relative}", path.rsplit_once('/').unwrap().0)
}

/// The values of a header.
pub fn headers<'a>(answer: &'a Answer, name: &str) -> Vec<&'a str> {
    let pairs = answer.head.lines().filter_map(|line| line.split_once(':'));
    let found = pairs.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim()).collect()
}

/// Where an answer leads.
#[track_caller]
pub fn location(answer: &Answer) -> String {
    let to = headers(answer, "location");
    assert!((300..400).contains(&answer.status) && to.len() == 1, "{answer:?}");
    to[0].to_owned()
}

/// A parameter of an address.
pub fn parameter<'a>(address: &'a str, name: &str) -> &'a str {
    let query = address.split_once('?').unwrap().1;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| *found == name).unwrap_or_else(|| panic!("{name}: {address}")).1
}

/// The same address with another value of a parameter.
pub fn with_parameter(address: &str, name: &str, value: &str) -> String {
    let pair = format!("{name}={}", parameter(address, name));
    address.replace(&pair, &format!("{name}={value}"))
}

fn origin(address: &str) -> String {
    let rest = address.strip_prefix("https://").unwrap_or_else(|| panic!("led to {address}"));
    format!("https://{}", rest.split(['/', '?', '#']).next().unwrap())
}

fn attribute<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    html.split_once(&format!("{name}=\""))?.1.split('"').next()
}

/// A login form as a person sends it.
fn filled_in(page: &str, user: &str) -> String {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let password =
        if password.is_empty() { format!("{name}-password") } else { password.to_owned() };
    let mut fields = Vec::new();
    for input in page.split('<').filter(|tag| tag.starts_with("input") || tag.starts_with("select"))
    {
        let Some(field) = attribute(input, "name") else { continue };
        let value = match field {
            "login" | "user" => name,
            "password" => &password,
            _ => attribute(input, "value").unwrap_or_default(),
        };
        fields.push(format!("{field}={}", encoded(value)));
    }
    fields.join("&")
}

/// As in a form.
pub fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
