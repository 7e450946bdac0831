//! A login under way. What it will be recognised by is not kept here, where anybody could fill the
//! memory by beginning logins, but sealed in a cookie of the browser that began it: which is also
//! what ties the end of a login to its beginning.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use kguard::redact::Secret;
use serde::{Deserialize, Serialize};

use super::config::WebError;

/// How long a person may take at the issuer, second factor and all.
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// The longest place to come back to.
const MAX_TO_BYTES: usize = 512;

/// A session's id is 43 bytes long.
const MAX_ID_BYTES: usize = 64;

/// The page itself.
const HOME: &str = "/ui/";

/// A login that was begun.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    /// What the issuer sends back.
    pub(super) state: String,
    /// What its token will say.
    pub(super) nonce: String,
    /// What redeems its code.
    pub(super) verifier: String,
    /// Where on the page to go then.
    pub(super) to: String,
    /// The id of the session that the browser has until then.
    #[serde(default)]
    pub(super) replaces: Option<String>,
    /// When it is too late.
    until: Timestamp,
}

impl Attempt {
    /// Begins one.
    pub(super) fn begin(to: Option<&str>, now: Timestamp) -> Result<Self, WebError> {
        Ok(Self {
            state: random_text()?,
            nonce: random_text()?,
            verifier: random_text()?,
            to: to.filter(|to| is_on_the_page(to)).unwrap_or(HOME).to_owned(),
            replaces: None,
            until: now.saturating_add(LIFETIME).unwrap_or(now),
        })
    }

    /// The same in a browser that has a session already; which does not come along at the end, since
    /// it is another site that leads there.
    #[must_use]
    pub(super) fn replacing(self, session: Option<String>) -> Self {
        Self { replaces: session.filter(|id| id.len() <= MAX_ID_BYTES), ..self }
    }

    /// What redeems its code.
    pub(super) fn verifier(&self) -> Secret<String> {
        Secret::new(self.verifier.clone())
    }
}

/// Whether a browser that is sent there stays on the page: no other host, no other door of this
/// one, and nothing that two readers could take for different addresses.
fn is_on_the_page(to: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_.~-#?&=%:+,@!".contains(&byte);
    let path = to.split(['?', '#']).next().unwrap_or_default();
    let steps = path.strip_prefix(HOME).map(|rest| rest.split('/'));
    to.len() <= MAX_TO_BYTES
        && to.bytes().all(plain)
        && !path.contains('%')
        && steps.is_some_and(|mut steps| steps.all(|step| step != "." && step != ".."))
}

/// Seals attempts, for as long as this gateway runs.
pub(super) struct Attempts(RandomizedNonceKey);

impl Attempts {
    pub(super) fn new() -> Result<Self, WebError> {
        let key = random::<32>()?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).map(Self).map_err(|_| WebError::Random)
    }

    /// The attempt as a cookie's value.
    pub(super) fn seal(&self, attempt: &Attempt) -> Option<String> {
        let mut sealed = serde_json::to_vec(attempt).ok()?;
        let nonce = self.0.seal_in_place_append_tag(Aad::empty(), &mut sealed).ok()?;
        sealed.extend_from_slice(nonce.as_ref());
        Some(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The attempt of a cookie, if this gateway has sealed it and it is not too late.
    pub(super) fn open(&self, cookie: &str, now: Timestamp) -> Option<Attempt> {
        let mut sealed = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        let nonce = sealed.split_off(sealed.len().checked_sub(NONCE_LEN)?);
        let nonce = Nonce::try_assume_unique_for_key(&nonce).ok()?;
        let opened = self.0.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        let attempt: Attempt = serde_json::from_slice(opened).ok()?;
        (now < attempt.until).then_some(attempt)
    }
}

/// 256 random bits as text that fits into URLs and cookies.
pub(super) fn random_text() -> Result<String, WebError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

fn random<const N: usize>() -> Result<[u8; N], WebError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| WebError::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_attempt_comes_back_as_it_was_until_it_is_too_late() {
        let attempts = Attempts::new().unwrap();
        let attempt = Attempt::begin(Some("/ui/#/holds/abcde"), second(0)).unwrap();
        let sealed = attempts.seal(&attempt).unwrap();
        assert!(!sealed.contains(&attempt.state));
        assert!(attempts.open(&sealed, second(599)).is_some_and(|opened| opened == attempt));
        assert!(attempts.open(&sealed, second(600)).is_none());
    }

    #[test]
    fn what_this_gateway_has_not_sealed_is_none() {
        let attempts = Attempts::new().unwrap();
        let attempt = Attempt::begin(None, second(0)).unwrap();
        let sealed = attempts.seal(&attempt).unwrap();
        assert!(Attempts::new().unwrap().open(&sealed, second(1)).is_none());
        let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            let altered = URL_SAFE_NO_PAD.encode(altered);
            assert!(attempts.open(&altered, second(1)).is_none(), "byte {at}");
        }
        for made_up in ["", "x", "AAAA", &"A".repeat(64)] {
            assert!(attempts.open(made_up, second(1)).is_none(), "{made_up}");
        }
    }

    #[test]
    fn a_login_leads_to_the_page_and_nowhere_else() {
        for to in ["/ui/", "/ui/#/holds/ra58x", "/ui/?a=b%20c#/trail", "/ui/help.html"] {
            assert_eq!(Attempt::begin(Some(to), second(0)).unwrap().to, to);
        }
        let long = format!("/ui/{}", "x".repeat(600));
        for to in [
            "",
            "/",
            "//evil.example/ui/",
            "/\\evil.example",
            "https://evil.example/ui/",
            "/v1/whoami",
            "/ui/../v1/whoami",
            "/ui/..",
            "/ui/%2e%2e/idp/",
            "/ui/./x",
            "/ui",
            "javascript:alert(1)",
            "/ui/\r\nSet-Cookie: a=b",
            "/ui/\u{0}",
            "/ui/\u{e9}",
            &long,
        ] {
            assert_eq!(Attempt::begin(Some(to), second(0)).unwrap().to, "/ui/", "{to}");
        }
    }
}
