//! URLs (`library/urls.go`), by Go's `net/url`.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::super::Failure;
use super::super::fuel::Fuel;
use super::super::value::key::Key;
use super::super::value::{Outcome, Value};
use super::{Table, mismatch};

pub(super) const TABLE: Table = &[
    ("url(string) -> URL", url),
    ("isURL(string) -> bool", is_url),
    ("URL.getScheme() -> string", |_, args| part(args, |url| url.scheme.clone())),
    ("URL.getHost() -> string", |_, args| part(args, |url| url.host.clone())),
    ("URL.getHostname() -> string", |_, args| part(args, |url| url.host_and_port().0.to_owned())),
    ("URL.getPort() -> string", |_, args| part(args, |url| url.host_and_port().1.to_owned())),
    ("URL.getEscapedPath() -> string", |_, args| part(args, |url| url.path.clone())),
    ("URL.getQuery() -> map(string, list(string))", query),
];

/// A URL, by its parts.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Url {
    scheme: String,
    /// What a URL such as `mailto:a@b` has instead of all that follows.
    opaque: String,
    user: String,
    host: String,
    /// Escaped.
    path: String,
    query: String,
    fragment: String,
}

impl Url {
    /// A URL or an absolute path, as a request line may have it.
    fn read(text: &str) -> Option<Self> {
        Self::parse(text, true)?;
        // Only now is a fragment one.
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        unescape(fragment)?;
        Some(Self { fragment: fragment.to_owned(), ..Self::parse(text, false)? })
    }

    fn parse(text: &str, via_request: bool) -> Option<Self> {
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) || (text.is_empty() && via_request)
        {
            return None;
        }
        if text == "*" {
            return Some(Self { path: "*".to_owned(), ..Self::default() });
        }
        let (scheme, rest) = scheme(text)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let url = Self {
            scheme: scheme.to_ascii_lowercase(),
            query: query.to_owned(),
            ..Self::default()
        };
        if !rest.starts_with('/') {
            if !scheme.is_empty() {
                return Some(Self { opaque: rest.to_owned(), ..url });
            }
            let colon_in_first = rest.split('/').next().is_some_and(|first| first.contains(':'));
            if via_request || colon_in_first {
                return None;
            }
        }
        let has_authority = !scheme.is_empty() || (!via_request && !rest.starts_with("///"));
        let Some(authority) = rest.strip_prefix("//").filter(|_| has_authority) else {
            return Some(Self { path: escaped_path(rest)?, ..url });
        };
        let (authority, path) = authority.split_at(authority.find('/').unwrap_or(authority.len()));
        let (user, host) =
            authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
        let user_is_fine =
            user.chars().all(|c| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c));
        unescape(user).filter(|_| user_is_fine)?;
        let host = read_host(host, &url.scheme)?;
        Some(Self { user: user.to_owned(), host, path: escaped_path(path)?, ..url })
    }

    /// Without the brackets of an IPv6 address.
    fn host_and_port(&self) -> (&str, &str) {
        let (host, port) = match self.host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
            _ => (&*self.host, ""),
        };
        (host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host), port)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}:{}", self.scheme, self.opaque)?;
        }
        if !self.host.is_empty() || !self.user.is_empty() {
            f.write_str("//")?;
        }
        if !self.user.is_empty() {
            write!(f, "{}@", self.user)?;
        }
        write!(f, "{}{}", self.host, self.path)?;
        for (mark, part) in [("?", &self.query), ("#", &self.fragment)] {
            if !part.is_empty() {
                write!(f, "{mark}{part}")?;
            }
        }
        Ok(())
    }
}

/// The scheme, which may be missing but not empty, and what follows its colon.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
    match end {
        Some(0) if text.starts_with(':') => None,
        Some(end) if text.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            let (scheme, rest) = text.split_at(end);
            Some(rest.strip_prefix(':').map_or(("", text), |rest| (scheme, rest)))
        }
        _ => Some(("", text)),
    }
}

fn read_host(host: &str, scheme: &str) -> Option<String> {
    let port = match (host.rfind('['), host.find(':')) {
        (Some(0), _) => {
            let (address, port) = host.strip_prefix('[')?.rsplit_once(']')?;
            // A zone behind the address is not looked at.
            let address = address.split_once("%25").map_or(address, |(address, _)| address);
            address.parse::<std::net::Ipv6Addr>().ok()?;
            port
        }
        (Some(_), _) => return None,
        (None, None) => "",
        (None, Some(first)) => {
            // Only in web addresses is a second colon an error.
            let web = matches!(scheme, "http" | "https");
            let colon = if web { Some(first) } else { host.rfind(':') };
            host.get(colon?..)?
        }
    };
    let port_is_fine =
        port.strip_prefix(':').unwrap_or(port).bytes().all(|byte| byte.is_ascii_digit());
    let starts = port.is_empty() || port.starts_with(':');
    let allowed = |byte: u8| {
        !byte.is_ascii()
            || byte.is_ascii_alphanumeric()
            || b"-_.~!$&'()*+,;=:[]<>\"%".contains(&byte)
    };
    if !(port_is_fine && starts && host.bytes().all(allowed)) {
        return None;
    }
    // In a host only what is not ASCII is escaped, and the mark of a zone.
    let escapes_are_fine = host.split('%').skip(1).all(|escape| {
        escape.starts_with("25")
            || escape
                .starts_with(['8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'A', 'B', 'C', 'D', 'E', 'F'])
    });
    String::from_utf8(unescape(host).filter(|_| escapes_are_fine)?).ok()
}

/// What percent signs stand for; none if one is malformed.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut pieces = text.split('%');
    bytes.extend_from_slice(pieces.next()?.as_bytes());
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

/// As it is written, if that is how a path may be written, and escaped otherwise.
fn escaped_path(path: &str) -> Option<String> {
    let unescaped = unescape(path)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte);
    if path.bytes().all(|byte| plain(byte) || b"!'()*[]%".contains(&byte)) {
        return Some(path.to_owned());
    }
    let mut escaped = String::with_capacity(path.len());
    for byte in unescaped {
        if plain(byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    Some(escaped)
}

fn url<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = args else { return mismatch() };
    // Several passes, and a path may grow by three.
    fuel.spend_bytes(text.len() * 16)?;
    Ok(Value::Url(Url::read(text).ok_or(Failure::Other)?.into()))
}

fn is_url<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = args else { return mismatch() };
    fuel.spend_bytes(text.len() * 8)?;
    Ok(Value::Bool(Url::parse(text, true).is_some()))
}

/// Whether Go's `url.ParseRequestURI` takes the text.
pub(super) fn is_request_uri(text: &str) -> bool {
    Url::parse(text, true).is_some()
}

fn part<'a>(args: &[Value<'a>], read: fn(&Url) -> String) -> Outcome<'a> {
    let [Value::Url(url)] = args else { return mismatch() };
    Ok(Value::text(read(url)))
}

/// Parameters that are malformed are left out, as in Go.
fn query<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Url(url)] = args else { return mismatch() };
    fuel.spend(url.query.len() / 2)?;
    let decode = |text: &str| String::from_utf8(unescape(&text.replace('+', " "))?).ok();
    let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in url.query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let (Some(name), Some(value)) = (decode(name), decode(value)) {
            lists.entry(name).or_default().push(value);
        }
    }
    let entries =
        lists.into_iter().map(|(name, values)| (Key::String(name.into()), Value::texts(values)));
    Ok(Value::map(entries.collect()))
}
