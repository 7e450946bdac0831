//! Finds where JSON values end in a stream, by brackets and quotes alone.
//!
//! It does not validate: every piece that it cuts is read by the scanner before it is sent on.

use memchr::memchr2;

/// Where the stream stands within one object.
#[derive(Debug, Default)]
pub(super) struct Lexer {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

/// What ends a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// An array opened right below the root.
    Array,
    /// The root object closed.
    End,
}

impl Lexer {
    /// A lexer that is already within an object.
    pub(super) fn inside() -> Self {
        Self { depth: 1, ..Self::default() }
    }

    /// Reads on until the next cut; answers with how many bytes belong before it.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<(usize, Cut)> {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
            if self.in_string {
                at += self.string(rest);
                continue;
            }
            let is_structure = |byte: &u8| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']');
            let found = rest.iter().position(is_structure)?;
            at += found + 1;
            match rest.get(found) {
                Some(b'"') => self.in_string = true,
                Some(b'{' | b'[') => {
                    self.depth += 1;
                    if self.depth == 2 && rest.get(found) == Some(&b'[') {
                        return Some((at, Cut::Array));
                    }
                }
                _ => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some((at, Cut::End));
                    }
                }
            }
        }
    }

    /// Reads on within a string.
    fn string(&mut self, bytes: &[u8]) -> usize {
        if std::mem::take(&mut self.escaped) {
            return 1;
        }
        let Some(found) = memchr2(b'"', b'\\', bytes) else { return bytes.len() };
        let is_end = bytes.get(found) == Some(&b'"');
        self.in_string = !is_end;
        self.escaped = !is_end;
        found + 1
    }
}
