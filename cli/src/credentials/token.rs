//! A bearer token and how long it is good for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kguard::redact::Secret;
use serde::Deserialize;

/// How long before its end a token is not used any more, at most.
const MARGIN_SECONDS: i64 = 60;

/// A token. What it says of its own end is only used to refresh it in time; who verifies it is
/// the gateway.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    secret: Secret<String>,
    times: Option<Times>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Times {
    exp: i64,
    iat: Option<i64>,
}

impl Token {
    pub(crate) fn new(secret: Secret<String>) -> Self {
        let times = times(secret.expose());
        Self { secret, times }
    }

    pub(crate) fn secret(&self) -> &Secret<String> {
        &self.secret
    }

    pub(crate) fn is_fresh(&self) -> bool {
        self.is_fresh_at(Timestamp::now().as_second())
    }

    /// Tokens that live only a minute are used for three quarters of it.
    fn is_fresh_at(&self, now: i64) -> bool {
        let Some(times) = self.times else { return true };
        let lifetime = times.iat.map_or(i64::MAX, |iat| times.exp.saturating_sub(iat));
        now < times.exp.saturating_sub(MARGIN_SECONDS.min(lifetime / 4))
    }
}

fn times(token: &str) -> Option<Times> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> Token {
        Token::new(Secret::new(format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))))
    }

    #[test]
    fn a_token_is_fresh_until_shortly_before_its_end() {
        for (claims, now, fresh) in [
            (r#"{"exp": 1000, "iat": 0}"#, 939, true),
            (r#"{"exp": 1000, "iat": 0}"#, 940, false),
            (r#"{"exp": 1000, "iat": 940}"#, 984, true),
            (r#"{"exp": 1000, "iat": 940}"#, 985, false),
            (r#"{"exp": 1000}"#, 940, false),
            (r#"{"sub": "no end"}"#, 940, true),
        ] {
            assert_eq!(token(claims).is_fresh_at(now), fresh, "{claims} at {now}");
        }
        assert!(Token::new(Secret::new("opaque".into())).is_fresh_at(i64::MAX));
    }
}
