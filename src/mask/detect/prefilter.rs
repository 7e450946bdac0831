//! Whether the built-in detectors could find anything at all, at the price of a look at the text: most
//! objects hold nothing that even looks like a secret.

use std::sync::LazyLock;

use aho_corasick::packed::Searcher;
use memchr::memmem::Finder;

use super::patterns::LITERALS;

/// As many as are looked for at once.
const AT_ONCE: usize = 64;
/// The longest user or password in a URL that is looked for, and a little.
const MAX_USER_INFO_BYTES: usize = 520;

/// Whether something in a text may be found. Escapes may hide everything.
pub(super) fn may_find(text: &[u8]) -> bool {
    static LOOKS: LazyLock<Vec<Searcher>> = LazyLock::new(|| {
        // None on a processor without vector instructions.
        LITERALS.chunks(AT_ONCE).filter_map(Searcher::new).collect()
    });
    let is_complete = LOOKS.len() == LITERALS.len().div_ceil(AT_ONCE);
    !is_complete || LOOKS.iter().any(|look| look.find(text).is_some()) || has_user_info(text)
}

/// Whether there is a URL with something before an `@`.
fn has_user_info(text: &[u8]) -> bool {
    static AUTHORITY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("://"));
    AUTHORITY.find_iter(text).any(|at| {
        let rest = text.get(at + 3..).unwrap_or_default().iter().take(MAX_USER_INFO_BYTES);
        let mut rest = rest.take_while(|byte| !b"\"'<>\\/?# \t\r\n".contains(byte));
        rest.any(|byte| *byte == b'@')
    })
}

/// Whether the escapes of a JSON text may hide something: those of Go's encoder for control
/// characters and quotes do not.
pub(super) fn is_plain(text: &[u8]) -> bool {
    memchr::memchr_iter(b'\\', text).all(|at| !matches!(text.get(at + 1), Some(b'u' | b'/')))
}
