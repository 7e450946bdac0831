//! Collects a number of bytes that come in pieces.

/// What has come of a header or another short thing.
#[derive(Debug, Default)]
pub(super) struct Collected(Vec<u8>);

impl Collected {
    /// Takes bytes until `length` are there; whether they are.
    pub(super) fn take(&mut self, length: usize, bytes: &mut &[u8]) -> bool {
        let missing = length.saturating_sub(self.0.len());
        let (own, rest) = bytes.split_at(missing.min(bytes.len()));
        self.0.extend_from_slice(own);
        *bytes = rest;
        self.0.len() >= length
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// All of it, to begin anew.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}
