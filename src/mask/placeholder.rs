//! What stands in for a masked value, and how to find one that comes back.
//!
//! A placeholder says nothing about its value: it has a fixed length and is an HMAC with a key
//! that only the gateway has, over the object, the place in it, and the value. So it stays the
//! same between reads of one object, which keeps `diff` empty, and differs between objects, which
//! keeps equal values from showing. In the answer to a write it is a constant: otherwise a caller
//! could write a guess (as a dry run) and compare.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem::Finder;

/// What every placeholder of every version starts with.
const MARK: &str = "kguard:masked:";
const PREFIX: &str = "kguard:masked:v1:";
const WRITTEN: &str = "kguard:masked:v1:written-----------------";
/// 144 bits, 24 characters of base64 without padding.
const TOKEN_BYTES: usize = 18;
/// How often JSON may be quoted within JSON.
const MAX_ESCAPING: usize = 4;

/// The gateway's key for placeholders. Gateways that share it make the same ones.
#[derive(Clone)]
pub struct PlaceholderKey(hmac::Key);

impl PlaceholderKey {
    /// A key out of 32 random bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// What makes the placeholders of one response. `echo` for the answers to everything that
    /// writes or deletes, dry runs included.
    pub fn placeholders(&self, cluster: &str, echo: bool) -> Placeholders {
        Placeholders { key: self.clone(), cluster: cluster.to_owned(), echo }
    }
}

impl fmt::Debug for PlaceholderKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PlaceholderKey(..)")
    }
}

/// Makes the placeholders of one response.
#[derive(Debug, Clone)]
pub struct Placeholders {
    key: PlaceholderKey,
    cluster: String,
    echo: bool,
}

impl Placeholders {
    /// The placeholder for the value at `place` of `object`.
    pub(super) fn make<'p>(
        &'p self,
        object: &'p str,
        place: impl Iterator<Item = &'p str>,
        value: &'p [u8],
    ) -> String {
        if self.echo {
            return WRITTEN.to_owned();
        }
        // Lengths first, so that no two lists of parts read the same.
        let mut message = Vec::with_capacity(256 + value.len());
        let parts = [self.cluster.as_str(), object].into_iter().chain(place).map(str::as_bytes);
        for part in parts.chain([value]) {
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part);
        }
        let tag = hmac::sign(&self.key.0, &message);
        let token = tag.as_ref().get(..TOKEN_BYTES).unwrap_or_default();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(token))
    }
}

/// Whether a placeholder stands anywhere in an outgoing JSON body: as it is, with JSON escapes,
/// or within base64 at any alignment.
pub fn contains_placeholder(body: &[u8]) -> bool {
    static NEEDLES: LazyLock<Vec<Finder<'static>>> = LazyLock::new(needles);
    let found = |text: &[u8]| NEEDLES.iter().any(|needle| needle.find(text).is_some());
    if found(body) {
        return true;
    }
    // The last-applied annotation is JSON within JSON, which may escape what it escaped.
    let mut text = Cow::Borrowed(body);
    for _ in 0..MAX_ESCAPING {
        if memchr::memchr(b'\\', &text).is_none() {
            return false;
        }
        text = Cow::Owned(unescaped(&text));
        if found(&text) {
            return true;
        }
    }
    false
}

/// The mark, and the characters of its base64 that depend on nothing around it.
fn needles() -> Vec<Finder<'static>> {
    let mut needles = vec![MARK.as_bytes().to_vec()];
    for before in 0..3 {
        let padded = [vec![0; before], MARK.as_bytes().to_vec()].concat();
        let (clean_from, clean_to) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            needles.extend(encoded.as_bytes().get(clean_from..clean_to).map(<[u8]>::to_vec));
        }
    }
    needles.sort();
    needles.dedup();
    needles.iter().map(|needle| Finder::new(needle).into_owned()).collect()
}

/// The body with its escapes resolved and without line breaks, which Go's base64 ignores.
fn unescaped(body: &[u8]) -> Vec<u8> {
    let mut text = super::string::decode_lossy(body);
    text.retain(|byte| !matches!(byte, b'\r' | b'\n'));
    text
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn make(cluster: &str, object: &str, place: &[&str], value: &str) -> String {
        let key = PlaceholderKey::new(&[7; 32]);
        key.placeholders(cluster, false).make(object, place.iter().copied(), value.as_bytes())
    }

    #[test]
    fn a_placeholder_is_stable_and_bound_to_its_place() {
        let one = make("prod", "uid-1", &["data", "a"], "x");
        assert_eq!(one, make("prod", "uid-1", &["data", "a"], "x"));
        for other in [
            make("dev", "uid-1", &["data", "a"], "x"),
            make("prod", "uid-2", &["data", "a"], "x"),
            make("prod", "uid-1", &["data", "b"], "x"),
            make("prod", "uid-1", &["dat", "aa"], "x"),
            make("prod", "uid-1", &["data", "a"], "y"),
        ] {
            assert_ne!(one, other);
            assert_eq!(one.len(), other.len());
        }
        assert_eq!(one.len(), WRITTEN.len());
    }

    #[test]
    fn the_answer_to_a_write_does_not_depend_on_the_value() {
        let written = PlaceholderKey::new(&[7; 32]).placeholders("prod", true);
        let make = |object, value| written.make(object, ["data", "a"].into_iter(), value);
        assert_eq!(make("uid-1", b"x"), make("uid-2", b"y"));
    }

    #[test]
    fn no_placeholder_is_found_where_there_is_none() {
        for body in ["", "{}", r#"{"data":{"a":"a2d1YXJk"}}"#, r#"{"a":"kguard masked\n"}"#] {
            assert!(!contains_placeholder(body.as_bytes()), "{body}");
        }
    }

    proptest! {
        #[test]
        fn a_placeholder_is_found_in_every_disguise(
            before in ".{0,9}", after in ".{0,9}", value in ".*",
            escaped in proptest::collection::vec(any::<bool>(), 200), breaks in 1_usize..9,
        ) {
            let text = format!("{before}{}{after}", make("prod", "uid", &["data"], &value));
            let json = serde_json::to_string(&text).unwrap();
            prop_assert!(contains_placeholder(json.as_bytes()));
            let mut spelled = String::new();
            for (index, unit) in text.encode_utf16().enumerate() {
                match char::from_u32(unit.into()) {
                    Some(plain) if plain.is_ascii_alphanumeric() && !escaped[index] => spelled.push(plain),
                    _ => write!(spelled, "\\u{unit:04X}").unwrap(),
                }
            }
            prop_assert!(contains_placeholder(spelled.as_bytes()));
            for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                prop_assert!(contains_placeholder(encoded.as_bytes()));
                let lines: Vec<_> = encoded.as_bytes().chunks(breaks).map(String::from_utf8_lossy).collect();
                prop_assert!(contains_placeholder(lines.join("\\r\\n").as_bytes()));
            }
        }
    }
}
