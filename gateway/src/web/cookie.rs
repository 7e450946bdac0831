//! The two cookies. The prefix `__Host-` has browsers keep them only if they come over TLS from this
//! very host, so that no other host of the domain can plant one.

use axum::http::HeaderValue;
use axum::http::header::{COOKIE, HeaderMap};

/// A cookie's name, and when browsers send it.
#[derive(Clone, Copy)]
pub(super) struct Cookie {
    name: &'static str,
    same_site: &'static str,
}

/// The session. `Strict`: it never goes along when another site leads here. The page is there without
/// it, and asks for everything else itself.
pub(super) const SESSION: Cookie = Cookie { name: "__Host-kguard", same_site: "Strict" };

/// A login under way. `Lax`, since it is the issuer's site that leads back.
pub(super) const LOGIN: Cookie = Cookie { name: "__Host-kguard-login", same_site: "Lax" };

impl Cookie {
    /// Its value, if the request has exactly one: of two it cannot be known whose they are.
    pub(super) fn read<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let mut values = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name)
            .map(|(_, value)| value);
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        (!value.is_empty()).then_some(value)
    }

    /// The header that sets it; until the browser ends, unless it is said for how long.
    pub(super) fn set(&self, value: &str, seconds: Option<u64>) -> Option<HeaderValue> {
        let lifetime = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let Self { name, same_site } = self;
        let text =
            format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}{lifetime}");
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// The header that takes it away.
    pub(super) fn remove(&self) -> Option<HeaderValue> {
        self.set("", Some(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[&str]) -> Option<String> {
        let mut all = HeaderMap::new();
        for header in headers {
            all.append(COOKIE, HeaderValue::from_str(header).unwrap());
        }
        SESSION.read(&all).map(str::to_owned)
    }

    #[test]
    fn a_cookie_is_found_among_others_in_one_header_or_in_several() {
        for headers in [
            &["__Host-kguard=abc"][..],
            &["a=b; __Host-kguard=abc;c=d"],
            &["a=b", "__Host-kguard=abc"],
            &["__Host-kguard-login=x; __Host-kguard=abc"],
        ] {
            assert_eq!(read(headers).as_deref(), Some("abc"), "{headers:?}");
        }
    }

    #[test]
    fn two_cookies_of_one_name_are_none() {
        for headers in [
            &["__Host-kguard=abc; __Host-kguard=def"][..],
            &["__Host-kguard=abc", "__Host-kguard=abc"],
            &["__host-kguard=abc"],
            &["kguard=abc"],
            &["__Host-kguard="],
            &[],
        ] {
            assert_eq!(read(headers), None, "{headers:?}");
        }
    }

    #[test]
    fn no_script_and_no_other_site_gets_at_a_cookie() {
        let set = SESSION.set("abc", None).unwrap();
        let text = set.to_str().unwrap();
        assert_eq!(text, "__Host-kguard=abc; Path=/; Secure; HttpOnly; SameSite=Strict");
        assert!(!format!("{set:?}").contains("abc"));
    }
}
