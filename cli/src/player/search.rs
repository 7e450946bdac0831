//! Finds a text in what a container prints, in whatever pieces it comes and however it is coloured.

use crate::terminal_filter::{Keep, TerminalFilter};

/// A search, with the end of what was printed so far. Capital letters do not matter.
#[derive(Debug)]
pub(crate) struct Search {
    needle: String,
    filter: TerminalFilter,
    tail: String,
}

impl Search {
    pub(crate) fn new(needle: &str) -> Self {
        let filter = TerminalFilter::new(Keep::Text);
        Self { needle: needle.to_lowercase(), filter, tail: String::new() }
    }

    /// Takes what is printed next; whether the text ends in it.
    pub(crate) fn push(&mut self, output: &str) -> bool {
        let mut text = String::new();
        self.filter.push(output, &mut text);
        self.tail.push_str(&text.to_lowercase());
        let found = self.tail.contains(&self.needle);
        // Of what was found, nothing is left that would be found again.
        let kept = if found { 0 } else { self.needle.len().saturating_sub(1) };
        let cut = self.tail.ceil_char_boundary(self.tail.len().saturating_sub(kept));
        self.tail.drain(..cut);
        found
    }
}
