//! A webhook for programs, signed as Standard Webhooks 1.0.0 has it
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>), so
//! that receivers verify it with a library that there is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use kguard::api::{Notification, NotificationEvent};
use kguard::redact::Secret;
use serde_json::{Value, json};

use super::config::{Misconfigured, WebhookConfig};
use super::post::{Address, Post, parse, read};
use super::undelivered::Undelivered;

/// What stands before a secret.
const PREFIX: &str = "whsec_";
/// How many bytes one has.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A receiver and the secret that it shares with us.
pub(super) struct Webhook {
    post: Post,
    secret: PathBuf,
    headers: HeaderMap,
}

impl Webhook {
    pub(super) fn new(config: &WebhookConfig) -> Result<Self, Misconfigured> {
        let authorities = config.certificate_authority_file.as_deref();
        let post = Post::new(Address::Known(parse(&config.url)?), authorities)?;
        key(&config.secret_file)?;
        let headers = headers(&config.headers)?;
        Ok(Self { post, secret: config.secret_file.clone(), headers })
    }

    pub(super) async fn send(&self, notification: &Notification) -> Result<(), Undelivered> {
        let key = key(&self.secret)?;
        let body = body(notification).to_string();
        let mut headers = self.headers.clone();
        // The moment of this attempt: receivers refuse old ones, so that nobody can repeat them.
        let now = Timestamp::now().as_second();
        let signature = sign(&key, &notification.id, now, &body);
        for (name, value) in [
            ("webhook-id", notification.id.clone()),
            ("webhook-timestamp", now.to_string()),
            ("webhook-signature", signature),
        ] {
            let value = HeaderValue::try_from(value);
            let value = value.map_err(|_| Undelivered::never(format!("`{name}` is no header")))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        self.post.send(body, headers).await
    }
}

/// The body: documented in `docs/notifications.md`.
fn body(notification: &Notification) -> Value {
    let kind = match notification.event {
        NotificationEvent::BreakGlass => "hold.break_glass",
        NotificationEvent::Escalated => "hold.escalated",
        NotificationEvent::Held => "hold.held",
        NotificationEvent::Settled => "hold.settled",
        NotificationEvent::Test => "test",
    };
    let data = notification.hold.as_ref().map_or_else(|| json!({}), |hold| json!(hold));
    json!({"type": kind, "timestamp": notification.at, "data": data})
}

fn sign(key: &hmac::Key, id: &str, timestamp: i64, body: &str) -> String {
    let signature = hmac::sign(key, format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(signature))
}

/// The secret as a key; read each time, so that it can be changed while we run.
fn key(path: &Path) -> Result<hmac::Key, Misconfigured> {
    let text = read(path)?;
    let bad = || Misconfigured::Secret(path.to_owned());
    let base64 = text.expose().trim().strip_prefix(PREFIX).ok_or_else(bad)?;
    let bytes = Secret::new(STANDARD.decode(base64).map_err(|_| bad())?);
    if !SECRET_BYTES.contains(&bytes.expose().len()) {
        return Err(bad());
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, bytes.expose()))
}

/// What would be a secret in the clear, or is the gateway's own to say, cannot be configured.
fn headers(config: &BTreeMap<String, String>) -> Result<HeaderMap, Misconfigured> {
    const OURS: [&str; 10] = [
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "proxy-authorization",
        "transfer-encoding",
        "upgrade",
    ];
    let header = |(name, value): (&String, &String)| {
        let bad = || Misconfigured::Header(name.clone());
        let name = HeaderName::try_from(name).map_err(|_| bad())?;
        let value = HeaderValue::try_from(value).map_err(|_| bad())?;
        let is_ours = OURS.contains(&name.as_str()) || name.as_str().starts_with("webhook-");
        if is_ours { Err(bad()) } else { Ok((name, value)) }
    };
    config.iter().map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::notification;
    use super::*;

    #[test]
    fn it_signs_as_the_reference_implementations_do() {
        // Their common example.
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let signature =
            sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_are_what_the_specification_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (text, is_good) in [
            (format!("whsec_{}\n", STANDARD.encode([7; 32])), true),
            (STANDARD.encode([7; 32]), false),
            (format!("whsec_{}", STANDARD.encode([7; 8])), false),
            ("whsec_?".to_owned(), false),
            (String::new(), false),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(key(&path).is_ok(), is_good);
        }
        let error = key(&folder.path().join("none")).unwrap_err().to_string();
        assert!(error.starts_with("cannot read"), "{error}");
    }

    #[test]
    fn headers_hold_no_secrets_and_do_not_replace_ours() {
        for name in ["Authorization", "cookie", "Webhook-Id", "content-type", "a b", ""] {
            let config = [(name.to_owned(), "x".to_owned())].into_iter().collect();
            assert!(headers(&config).is_err(), "{name}");
        }
        let config = [("X-Team".to_owned(), "sre".to_owned())].into_iter().collect();
        assert_eq!(headers(&config).unwrap()["x-team"], "sre");
    }

    #[test]
    fn the_body_is_as_documented() {
        let documented = include_str!("../../../docs/notifications.md");
        let example = documented.split("```json\n").nth(1).unwrap().split("\n```").next().unwrap();
        let example: Value = serde_json::from_str(example).unwrap();
        let mut hold = crate::store::samples::hold(
            "7kq4m",
            kguard::api::HoldState::Pending,
            "2026-01-02T03:04:05Z",
        );
        hold.message = "Deletes a pod.".to_owned();
        hold.demands[0].message.clone_from(&hold.message);
        hold.claims.argv = vec!["kubectl".into(), "delete".into(), "pod".into(), "web".into()];
        hold.claims.reason = Some("it hangs".to_owned());
        hold.url = Some("https://kguard.example/ui/#/holds/7kq4m".to_owned());
        let mut sent = notification(NotificationEvent::Held, "");
        sent.at = hold.created;
        sent.hold = Some(kguard::api::Notice::of(&hold).into());
        assert_eq!(body(&sent), example);
        assert_eq!(
            body(&Notification { event: NotificationEvent::Test, hold: None, ..sent }),
            json!({"type": "test", "timestamp": "2026-01-02T03:04:05Z", "data": {}})
        );
    }
}
