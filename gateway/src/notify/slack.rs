//! A message for Slack: Block Kit, for an incoming webhook.
//!
//! Texts of others are `plain_text`, which knows no formatting, links or mentions; Slack's three
//! control characters are escaped everywhere, as its documentation asks.

use serde_json::{Value, json};

use super::text::Text;

/// So many fields fit into one section.
const FIELDS: usize = 10;

/// The message.
pub(super) fn message(text: &Text) -> Value {
    let mut blocks = vec![json!({"type": "header", "text": plain(&text.title)})];
    let fields: Vec<Value> = text
        .facts
        .iter()
        .flat_map(|(name, value)| {
            [json!({"type": "mrkdwn", "text": format!("*{name}*")}), plain(value)]
        })
        .collect();
    for fields in fields.chunks(FIELDS) {
        blocks.push(json!({"type": "section", "fields": fields}));
    }
    let mut ways = Vec::new();
    ways.extend(text.url.iter().map(|url| format!("<{}|Look at it and decide>", escaped(url))));
    ways.extend(text.command.iter().map(|command| format!("`{}`", escaped(command))));
    if !ways.is_empty() {
        let text = json!({"type": "mrkdwn", "text": ways.join(" or "), "verbatim": true});
        blocks.push(json!({"type": "section", "text": text}));
    }
    // Shown in place of the blocks where there is little room.
    json!({"text": escaped(&text.title), "blocks": blocks})
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": escaped(text), "emoji": false})
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use kguard::api::NotificationEvent;

    use super::super::text::tests::notification;
    use super::*;

    #[test]
    fn nobody_is_called_and_nothing_is_linked_by_texts_of_others() {
        let evil = "<!channel> <@U1> <https://evil.example|approve> *bold* @here &lt;!here&gt;";
        let message = message(&Text::of(&notification(NotificationEvent::Held, evil)));
        let blocks = message["blocks"].as_array().unwrap();
        let mut texts: Vec<&Value> = Vec::new();
        for block in blocks {
            texts.extend(block["fields"].as_array().into_iter().flatten());
            texts.extend(block.get("text"));
        }
        let mut seen = 0;
        for text in texts {
            let shown = text["text"].as_str().unwrap();
            if shown.contains("channel") {
                assert_eq!(text["type"], "plain_text", "{text}");
                assert!(!shown.contains(['<', '>']), "{shown}");
                assert!(shown.contains("&amp;lt;!here"), "{shown}");
                seen += 1;
            }
        }
        assert!(seen >= 3, "{message}");
        assert!(
            blocks
                .iter()
                .all(|block| block["fields"].as_array().is_none_or(|fields| fields.len() <= 10))
        );
    }

    #[test]
    fn it_leads_to_the_page_and_to_the_command() {
        let message = message(&Text::of(&notification(NotificationEvent::Held, "x")));
        let last = message["blocks"].as_array().unwrap().last().unwrap();
        let expected = "<https://kguard.example/ui/#/holds/7kq4m|Look at it and decide> or `kguard approve 7kq4m`";
        assert_eq!(last["text"]["text"], expected);
        assert_eq!(message["text"], "kguard: 7kq4m waits for an approval");
    }
}
