//! Keys, as terminals send them.

use crate::player::Key;

/// The keys of what was read at once. A sequence that comes in pieces is rare enough.
pub(super) fn read(bytes: &[u8]) -> Vec<Key> {
    let text = String::from_utf8_lossy(bytes);
    let mut rest = &*text;
    let mut keys = Vec::new();
    while let Some(c) = rest.chars().next() {
        let (key, behind) = match rest.strip_prefix('\x1b') {
            Some(sequence) => escape(sequence),
            None => (key(c), rest.strip_prefix(c).unwrap_or_default()),
        };
        keys.extend(key);
        rest = behind;
    }
    keys
}

fn key(c: char) -> Option<Key> {
    match c {
        '\r' | '\n' => Some(Key::Enter),
        '\x08' | '\x7f' => Some(Key::Erase),
        c if c.is_control() => None,
        c => Some(Key::Char(c)),
    }
}

/// The key behind ESC, and what follows it.
fn escape(sequence: &str) -> (Option<Key>, &str) {
    let Some(body) = sequence.strip_prefix(['[', 'O']) else {
        return (Some(Key::Escape), sequence);
    };
    let end = body.find(|c| ('@'..='~').contains(&c)).unwrap_or(body.len());
    let (parameters, last) = body.split_at(end);
    let key = match last.chars().next() {
        Some('C') if parameters.is_empty() => Some(Key::Right),
        Some('D') if parameters.is_empty() => Some(Key::Left),
        _ => None,
    };
    (key, last.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_told_apart() {
        use Key::{Char, Enter, Erase, Escape, Left, Right};
        let keys: [(&str, &[Key]); 7] = [
            (" q+", &[Char(' '), Char('q'), Char('+')]),
            ("\x1b[C\x1bOD", &[Right, Left]),
            ("\x1b", &[Escape]),
            ("/rm\x7f\r", &[Char('/'), Char('r'), Char('m'), Erase, Enter]),
            ("\x1b[3~\x1b[1;5Cx", &[Char('x')]),
            ("\x1bq", &[Escape, Char('q')]),
            ("ü\x01", &[Char('ü')]),
        ];
        for (bytes, expected) in keys {
            assert_eq!(read(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            read(&bytes);
        }
    }
}
