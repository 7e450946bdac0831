//! A message for Teams: an Adaptive Card in the envelope that its workflows take.
//!
//! Texts of others are text runs, which know no Markdown; blocks and fact sets would.

use serde_json::{Value, json};

use super::text::Text;

/// The message.
pub(super) fn message(text: &Text) -> Value {
    let mut body = vec![json!({
        "type": "RichTextBlock",
        "inlines": [{"type": "TextRun", "text": text.title, "weight": "Bolder", "size": "Medium"}],
    })];
    body.extend(text.facts.iter().map(|(name, value)| fact(&format!("{name}: "), value)));
    body.extend(text.command.iter().map(|command| fact("Or: ", command)));
    let actions = text
        .url
        .iter()
        .map(|url| json!({"type": "Action.OpenUrl", "title": "Look at it and decide", "url": url}));
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": actions.collect::<Vec<_>>(),
    });
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

fn fact(name: &str, value: &str) -> Value {
    json!({
        "type": "RichTextBlock",
        "spacing": "Small",
        "inlines": [
            {"type": "TextRun", "text": name, "isSubtle": true},
            {"type": "TextRun", "text": value},
        ],
    })
}

#[cfg(test)]
mod tests {
    use kguard::api::NotificationEvent;

    use super::super::text::tests::notification;
    use super::*;

    #[test]
    fn texts_of_others_are_no_markdown() {
        let evil = "[approve](https://evil.example) <at>everyone</at> **bold**";
        let message = message(&Text::of(&notification(NotificationEvent::Held, evil)));
        let card = &message["attachments"][0]["content"];
        let body = card["body"].as_array().unwrap();
        assert!(body.iter().all(|block| block["type"] == "RichTextBlock"), "{card}");
        assert!(card.to_string().contains("[approve]"), "{card}");
        // Whom to mention is told beside the text, if anybody is.
        assert!(card.get("msteams").is_none());
        assert_eq!(card["actions"].as_array().unwrap().len(), 1);
        assert_eq!(card["actions"][0]["url"], "https://kguard.example/ui/#/holds/7kq4m");
    }
}
