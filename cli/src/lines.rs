//! Cuts newline-delimited JSON out of chunks as they arrive.

use bytes::{Buf as _, Bytes, BytesMut};

/// The longest line that is taken; the gateway cuts the difference between two objects far below.
const MAX_LINE_BYTES: usize = 16 << 20;

/// A line that never ends.
#[derive(Debug, thiserror::Error)]
#[error("the gateway sent a line longer than {MAX_LINE_BYTES} bytes")]
pub(crate) struct TooLong;

/// What has arrived and is not yet a line.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    buffer: BytesMut,
}

impl Lines {
    pub(crate) fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// The next whole line. Empty lines are keep-alives and are left out.
    pub(crate) fn pop(&mut self) -> Result<Option<Bytes>, TooLong> {
        while let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
            let line = self.buffer.split_to(end).freeze();
            self.buffer.advance(1);
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
        if self.buffer.len() > MAX_LINE_BYTES { Err(TooLong) } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_out_whole_however_they_are_cut() {
        let text = b"{\"a\":1}\n\n\r\n{\"b\":2}\n{\"c\"";
        for size in 1..text.len() {
            let mut lines = Lines::default();
            let mut out = Vec::new();
            for chunk in text.chunks(size) {
                lines.push(chunk);
                while let Some(line) = lines.pop().unwrap() {
                    out.push(line);
                }
            }
            assert_eq!(out, ["{\"a\":1}", "{\"b\":2}"], "in chunks of {size}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_refused() {
        let mut lines = Lines::default();
        lines.push(&vec![b'x'; MAX_LINE_BYTES + 1]);
        assert!(lines.pop().is_err());
    }
}
