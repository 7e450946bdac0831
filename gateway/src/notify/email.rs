//! A message by SMTP, over TLS or not at all: plain text, which no mail program takes for more.

use std::path::Path;
use std::time::Duration;

use kguard::api::Notification;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport as _, Message, Tokio1Executor};

use super::config::{EmailConfig, Misconfigured};
use super::post::{causes, read};
use super::text::Text;
use super::undelivered::Undelivered;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Both ports are those of RFC 8314.
const TLS_PORT: u16 = 465;
const STARTTLS_PORT: u16 = 587;

/// Recipients, and the server that takes their mail.
pub(super) struct Email {
    config: EmailConfig,
    server: Server,
    tls: Tls,
    from: Mailbox,
    to: Vec<Mailbox>,
}

struct Server {
    host: String,
    port: u16,
    starts_tls: bool,
}

impl Email {
    pub(super) fn new(config: &EmailConfig) -> Result<Self, Misconfigured> {
        let server = Server::parse(&config.smtp).ok_or(Misconfigured::Smtp)?;
        if config.to.is_empty() {
            return Err(Misconfigured::Nobody);
        }
        let address = |text: &String| {
            text.parse::<Mailbox>().map_err(|_| Misconfigured::Address(text.clone()))
        };
        let tls = tls(&server, config.certificate_authority_file.as_deref())?;
        credentials(config)?;
        Ok(Self {
            from: address(&config.from)?,
            to: config.to.iter().map(address).collect::<Result<_, _>>()?,
            config: config.clone(),
            server,
            tls,
        })
    }

    pub(super) async fn send(&self, notification: &Notification) -> Result<(), Undelivered> {
        let message = self.message(notification).map_err(|error| {
            Undelivered::never(format!("the mail cannot be written: {}", causes(&error)))
        })?;
        let server = AsyncSmtpTransport::<Tokio1Executor>::relay(&self.server.host)
            .map_err(|error| refused(&error))?
            .port(self.server.port)
            .tls(self.tls.clone())
            .timeout(Some(TIMEOUT));
        let server = match credentials(&self.config)? {
            Some(credentials) => server.credentials(credentials),
            None => server,
        };
        server.build().send(message).await.map(drop).map_err(|error| refused(&error))
    }

    fn message(&self, notification: &Notification) -> Result<Message, lettre::error::Error> {
        let text = Text::of(notification);
        let domain = self.from.email.domain();
        let mut message = Message::builder()
            .from(self.from.clone())
            // The same however often it is sent, so that mail programs show it once.
            .message_id(Some(format!("<{}@{domain}>", notification.id)))
            .subject(subject(&text))
            .header(ContentType::TEXT_PLAIN)
            // RFC 3834: whoever is away does not answer.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for to in &self.to {
            message = message.to(to.clone());
        }
        message.body(text.lines())
    }
}

/// The title, and what is asked for.
fn subject(text: &Text) -> String {
    let does = text.facts.iter().find(|(name, _)| *name == "Does");
    let does = does.map(|(_, does)| format!(": {does}")).unwrap_or_default();
    format!("{}{does}", text.title).chars().take(200).collect()
}

impl Server {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (starts_tls, port) = match scheme {
            "smtps" => (false, TLS_PORT),
            "smtp" => (true, STARTTLS_PORT),
            _ => return None,
        };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (rest, port),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let is_host = !host.is_empty() && host.chars().all(is_name);
        is_host.then(|| Self { host: host.to_owned(), port, starts_tls })
    }
}

fn tls(server: &Server, authorities: Option<&Path>) -> Result<Tls, Misconfigured> {
    let mut parameters = TlsParameters::builder(server.host.clone());
    if let Some(path) = authorities {
        let bad = || Misconfigured::Certificate(path.to_owned());
        let pem = read(path)?;
        let certificate = Certificate::from_pem(pem.expose().as_bytes()).map_err(|_| bad())?;
        parameters =
            parameters.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    let parameters = parameters.build_rustls();
    let parameters = parameters.map_err(|error| Misconfigured::Client(causes(&error)))?;
    Ok(if server.starts_tls { Tls::Required(parameters) } else { Tls::Wrapper(parameters) })
}

/// Read each time, so that they can be changed while we run.
fn credentials(config: &EmailConfig) -> Result<Option<Credentials>, Misconfigured> {
    let line = |path: &Path| Ok(read(path)?.expose().trim_end_matches(['\r', '\n']).to_owned());
    match (&config.username_file, &config.password_file) {
        (None, None) => Ok(None),
        (Some(name), Some(password)) => Ok(Some(Credentials::new(line(name)?, line(password)?))),
        _ => Err(Misconfigured::Login),
    }
}

/// What the server's answer means. Its words are not repeated: they may repeat ours.
fn refused(error: &Error) -> Undelivered {
    match error.status() {
        Some(code) if error.is_permanent() => {
            Undelivered::never(format!("the mail server answered {code}"))
        }
        Some(code) => Undelivered::later(format!("the mail server answered {code}")),
        None => Undelivered::later(causes(error)),
    }
}

#[cfg(test)]
mod tests {
    use kguard::api::NotificationEvent;

    use super::super::text::tests::notification;
    use super::*;

    fn email() -> Email {
        Email::new(&EmailConfig {
            smtp: "smtps://mail.example".to_owned(),
            username_file: None,
            password_file: None,
            from: "kguard <kguard@example.com>".to_owned(),
            to: vec!["sre@example.com".to_owned(), "Bob <bob@example.com>".to_owned()],
            certificate_authority_file: None,
        })
        .unwrap()
    }

    #[test]
    fn servers_are_reached_by_tls_alone() {
        for (text, found) in [
            ("smtps://mail.example", Some((465, false))),
            ("smtps://mail.example:1465", Some((1465, false))),
            ("smtp://mail.example", Some((587, true))),
            ("mail.example", None),
            ("http://mail.example", None),
            ("smtps://u:p@mail.example", None),
            ("smtps://", None),
            ("smtps://a b", None),
            ("smtps://a:99999", None),
        ] {
            let server = Server::parse(text).map(|server| (server.port, server.starts_tls));
            assert_eq!(server, found, "{text}");
        }
    }

    #[test]
    fn no_text_of_others_becomes_a_header_or_another_recipient() {
        let evil = "x\r\nBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>\n";
        let message = email().message(&notification(NotificationEvent::Held, evil)).unwrap();
        let recipients: Vec<_> = message.envelope().to().iter().map(ToString::to_string).collect();
        assert_eq!(recipients, ["sre@example.com", "bob@example.com"]);
        let formatted = String::from_utf8(message.formatted()).unwrap();
        let (head, body) = formatted.split_once("\r\n\r\n").unwrap();
        for line in head.lines() {
            assert!(!line.to_ascii_lowercase().starts_with("bcc"), "{head}");
        }
        for line in body.lines() {
            assert!(line != "." && !line.starts_with("MAIL FROM"), "{body}");
        }
        assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
        assert!(head.contains("Message-ID: <1@example.com>"), "{head}");
    }
}
