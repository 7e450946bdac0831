//! Characters that nobody sees and that change what is seen: a text that is shown to whoever has to decide
//! on it shows them as escapes.

/// Whether a character controls a terminal, turns the direction of writing, joins what stands around it,
/// ends a line, or takes no room or that of a blank.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_hidden_and_letters_are_not() {
        for c in "\u{1b}\n\u{202e}\u{200b}\u{ad}\u{61c}\u{3164}\u{e0041}\u{feff}".chars() {
            assert!(is_hidden(c), "{c:?}");
        }
        for c in "a1 -ä漢ی👍".chars() {
            assert!(!is_hidden(c), "{c:?}");
        }
    }
}
