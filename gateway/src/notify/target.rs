//! One target: what it is told of, and the way to it.

use http::HeaderMap;
use kguard::api::{Notification, NotificationEvent};

use super::config::{Misconfigured, NotificationConfig, NotificationsError, When};
use super::email::Email;
use super::post::{Address, Post};
use super::text::Text;
use super::undelivered::Undelivered;
use super::webhook::Webhook;
use super::{slack, teams};
use crate::config::is_dns_label;

/// A target that can be told something.
pub(super) struct Target {
    pub(super) name: String,
    pub(super) when: When,
    way: Way,
}

enum Way {
    Email(Box<Email>),
    Slack(Post),
    Teams(Post),
    Webhook(Webhook),
}

impl Target {
    /// Checks a target, and whether its files are there.
    pub(super) fn new(config: &NotificationConfig) -> Result<Self, NotificationsError> {
        let name = config.name.clone();
        match way(config) {
            Ok(way) => Ok(Self { name, when: config.when.clone(), way }),
            Err(problem) => Err(NotificationsError { name, problem }),
        }
    }

    /// Whether it is a program that is told, and not people.
    pub(super) fn is_webhook(&self) -> bool {
        matches!(self.way, Way::Webhook(_))
    }

    /// One attempt to tell it.
    pub(super) async fn send(&self, notification: &Notification) -> Result<(), Undelivered> {
        let text = || Text::of(notification);
        match &self.way {
            // Boxed, as it is big and the others are not.
            Way::Email(email) => Box::pin(email.send(notification)).await,
            Way::Slack(post) => {
                post.send(slack::message(&text()).to_string(), HeaderMap::new()).await
            }
            Way::Teams(post) => {
                post.send(teams::message(&text()).to_string(), HeaderMap::new()).await
            }
            Way::Webhook(webhook) => webhook.send(notification).await,
        }
    }
}

fn way(config: &NotificationConfig) -> Result<Way, Misconfigured> {
    if !is_dns_label(&config.name) {
        return Err(Misconfigured::Name);
    }
    if config.when.events.iter().flatten().any(|event| *event == NotificationEvent::Test) {
        return Err(Misconfigured::Test);
    }
    let NotificationConfig { slack, teams, webhook, email, .. } = config;
    match (slack, teams, webhook, email) {
        (Some(chat), None, None, None) => {
            let address = Address::File(chat.url_file.clone());
            Post::new(address, chat.certificate_authority_file.as_deref()).map(Way::Slack)
        }
        (None, Some(chat), None, None) => {
            let address = Address::File(chat.url_file.clone());
            Post::new(address, chat.certificate_authority_file.as_deref()).map(Way::Teams)
        }
        (None, None, Some(webhook), None) => Webhook::new(webhook).map(Way::Webhook),
        (None, None, None, Some(email)) => Email::new(email).map(Box::new).map(Way::Email),
        _ => Err(Misconfigured::Ways),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(config: &str) -> String {
        let config: NotificationConfig = serde_saphyr::from_str(config).unwrap();
        Target::new(&config).err().unwrap().to_string()
    }

    #[test]
    fn a_target_that_cannot_work_says_why() {
        for (config, words) in [
            ("{name: a b, slack: {urlFile: /none}}", "its name must be"),
            ("{name: a}", "exactly one of"),
            ("{name: a, slack: {urlFile: /x}, teams: {urlFile: /x}}", "exactly one of"),
            ("{name: a, slack: {urlFile: /none/url}}", "cannot read /none/url"),
            ("{name: a, webhook: {url: 'http://a', secretFile: /none}}", "an https:// URL"),
            ("{name: a, when: {events: [test]}, slack: {urlFile: /none}}", "`test` is no event"),
            ("{name: a, email: {smtp: 'smtps://m', from: a@b.example, to: []}}", "`to` is empty"),
            (
                "{name: a, email: {smtp: 'smtps://m', from: a b, to: [a@b.example]}}",
                "`a b` is no mail",
            ),
            (
                "{name: a, email: {smtp: 'smtps://m', from: a@b.example, to: [a@b.example], \
                 usernameFile: /x}}",
                "go together",
            ),
            (
                "{name: a, email: {smtp: 'm:25', from: a@b.example, to: [a@b.example]}}",
                "`smtp` must be",
            ),
        ] {
            let said = problem(config);
            assert!(said.starts_with("notifications: `a") && said.contains(words), "{said}");
        }
    }

    #[test]
    fn fields_that_nobody_knows_are_refused() {
        for config in [
            "{name: a, slak: {}}",
            "{name: a, when: {approver: []}}",
            "{name: a, when: {events: [hold]}}",
        ] {
            assert!(serde_saphyr::from_str::<NotificationConfig>(config).is_err(), "{config}");
        }
    }
}
