//! The `notifications` of the gateway's configuration: whom to tell, of what, and how. Secrets are
//! in files and never here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kguard::api::{Hold, NotificationEvent};
use kguard::identity::SubjectPattern;
use serde::Deserialize;

/// One target. Of the ways to reach it there is exactly one.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationConfig {
    /// How people call it: a DNS label.
    pub name: String,
    /// What it is told of.
    #[serde(default)]
    pub when: When,
    /// Slack, by an incoming webhook.
    #[serde(default)]
    pub slack: Option<ChatConfig>,
    /// Teams, by a workflow.
    #[serde(default)]
    pub teams: Option<ChatConfig>,
    /// Any program, by a signed webhook.
    #[serde(default)]
    pub webhook: Option<WebhookConfig>,
    /// People, by e-mail.
    #[serde(default)]
    pub email: Option<EmailConfig>,
}

/// Which holds, and what of them. What is left out is no condition.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct When {
    /// Holds that one of these may decide on.
    #[serde(default)]
    pub approvers: Vec<SubjectPattern>,
    /// What happens to them; if it is left out, all but that they are settled.
    #[serde(default)]
    pub events: Option<Vec<NotificationEvent>>,
}

/// A channel of a chat.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChatConfig {
    /// A file with the channel's address, which is a secret.
    pub url_file: PathBuf,
    /// PEM: the only authorities to trust for it, instead of the system's.
    #[serde(default)]
    pub certificate_authority_file: Option<PathBuf>,
}

/// A program that listens.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookConfig {
    /// Where it listens.
    pub url: String,
    /// A file with the secret that it knows: `whsec_` and base64.
    pub secret_file: PathBuf,
    /// Headers that it wants besides.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// PEM: the only authorities to trust for it, instead of the system's.
    #[serde(default)]
    pub certificate_authority_file: Option<PathBuf>,
}

/// A mail server and those who get mail by it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmailConfig {
    /// `smtps://HOST[:465]`, or `smtp://HOST[:587]`, which starts TLS or sends nothing.
    pub smtp: String,
    /// A file with the name to log in with.
    #[serde(default)]
    pub username_file: Option<PathBuf>,
    /// A file with its password.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// The sender.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// PEM: the only authorities to trust for the server, instead of the system's.
    #[serde(default)]
    pub certificate_authority_file: Option<PathBuf>,
}

impl When {
    /// Whether this is to be told.
    pub(super) fn fits(&self, event: NotificationEvent, hold: &Hold) -> bool {
        let is_wanted = match &self.events {
            Some(events) => events.contains(&event),
            None => event != NotificationEvent::Settled,
        };
        let concerns = |own: &SubjectPattern| hold.approvers.iter().any(|of| own.overlaps(of));
        is_wanted && (self.approvers.is_empty() || self.approvers.iter().any(concerns))
    }
}

/// Why a target cannot be told anything.
#[derive(Debug, thiserror::Error)]
#[error("notifications: `{name}`: {problem}")]
pub struct NotificationsError {
    /// The target.
    pub name: String,
    /// What is wrong with it.
    pub problem: Misconfigured,
}

/// What is wrong with a target.
#[derive(Debug, thiserror::Error)]
pub enum Misconfigured {
    /// A mail address that is none.
    #[error("`{0}` is no mail address")]
    Address(String),
    /// A certificate that is none.
    #[error("{0} holds no certificate in PEM")]
    Certificate(PathBuf),
    /// No client can be made.
    #[error("no connection can be made: {0}")]
    Client(String),
    /// It has the name of another.
    #[error("there is another of this name")]
    Duplicate,
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A header that cannot be sent, or is none of its business.
    #[error(
        "`{0}` cannot be one of its `headers`: secrets go into files, and what the gateway sends itself stays"
    )]
    Header(String),
    /// Half of a login.
    #[error("`usernameFile` and `passwordFile` go together")]
    Login,
    /// It has no name that can be typed.
    #[error("its name must be lower-case letters, digits and `-`")]
    Name,
    /// Nobody would get its mail.
    #[error("`to` is empty")]
    Nobody,
    /// The signing secret is none.
    #[error(
        "{0} must hold `whsec_` and base64 of 24 to 64 bytes; make one with `echo whsec_$(openssl rand -base64 32)`"
    )]
    Secret(PathBuf),
    /// A mail server that cannot be meant.
    #[error(
        "`smtp` must be `smtps://HOST[:PORT]`, or `smtp://HOST[:PORT]` for a server that starts TLS"
    )]
    Smtp,
    /// A test is sent by hand.
    #[error("`test` is no event to wait for; `kguard notifications test` sends one")]
    Test,
    /// An address that is none, or a secret in the clear.
    #[error("its address must be an https:// URL")]
    Url,
    /// None, or several ways to reach it.
    #[error("name exactly one of `slack`, `teams`, `webhook`, `email`")]
    Ways,
}
