//! What stands in for a masked value, and how to find one that comes back.
//!
//! ```text
//! kguard:masked:v1:OOOOOOOOOOOOOOOOVVVVVVVVVVVVVVVV
//!                  └ the object ──┘└ place, value ┘
//! ```
//!
//! It says nothing about its value: it has a fixed length, and both halves are HMACs with a key that
//! only the gateway has. So it stays the same between reads of one object, which keeps `diff` empty,
//! and differs between objects, which keeps equal values from showing. The first half tells, when a
//! placeholder comes back that stands for nothing any more, whether the value was changed meanwhile
//! or the placeholder belongs somewhere else.
//!
//! Whoever can have a value compared with one that he knows can guess it. Therefore:
//! - In the answer to a write, a value that came with the request is shown as a constant: otherwise
//!   a dry run of a guess would tell whether it is right.
//! - A value that a caller wrote to whom it is masked gets another placeholder whatever it is, by a
//!   salt that [`super::written`] keeps with the object.
//! - In the last-applied annotation, which anybody can write without touching the value, the
//!   placeholder does not depend on what stands there, only on the place.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem::{self, Finder};

use crate::audit::hex::Hex;

/// What every placeholder of every version starts with.
const MARK: &str = "kguard:masked:";
const PREFIX: &str = "kguard:masked:v1:";
/// What a value is shown as that came with the request.
const WRITTEN: &str = "kguard:masked:v1:written-------------------------";
/// How much of an HMAC goes into each half: 96 bits, 16 characters of base64.
const HALF_BYTES: usize = 12;
const HALF_CHARACTERS: usize = 16;
/// How long every placeholder is.
pub(super) const LENGTH: usize = PREFIX.len() + 2 * HALF_CHARACTERS;
/// How often JSON may be quoted within JSON.
const MAX_ESCAPING: usize = 4;

/// The gateway's key for placeholders. Gateways that share it make the same ones.
#[derive(Clone)]
pub struct PlaceholderKey(Arc<hmac::Key>);

impl PlaceholderKey {
    /// A key out of 32 random bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// A digest of something that may be short and secret, hex: nobody else can find out by trying
    /// of what it is.
    pub fn digest(&self, of: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        absorb(&mut context, b"digest");
        absorb(&mut context, of);
        let mut digest = [0; 32];
        digest.copy_from_slice(context.sign().as_ref());
        Hex(digest).to_string()
    }

    /// What makes the placeholders of one response.
    pub fn placeholders(&self, cluster: &str, echo: Echo) -> Placeholders {
        Placeholders { key: self.clone(), cluster: cluster.to_owned(), scope: String::new(), echo }
    }
}

impl fmt::Debug for PlaceholderKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PlaceholderKey(..)")
    }
}

/// Which of the values in a response came with its request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Echo {
    /// None: it only read, or wrote something else.
    #[default]
    None,
    /// Those under these keys of a Secret.
    Keys(Arc<BTreeSet<String>>),
    /// Any may have.
    All,
}

/// Makes the placeholders of one response.
#[derive(Debug, Clone)]
pub struct Placeholders {
    key: PlaceholderKey,
    cluster: String,
    /// The object within which objects are that have no uid; empty for those of the cluster.
    scope: String,
    echo: Echo,
}

impl Placeholders {
    /// Those of objects that are kept within a value, under `key` of an object.
    pub(super) fn within(&self, object: &ObjectPlaceholders, (key, salt): (&str, &str)) -> Self {
        let echo = if object.is_written(Some(key)) { Echo::All } else { Echo::None };
        let scope = format!("{} {key} {salt}", object.tag);
        Self { scope, echo, ..self.clone() }
    }

    /// Those of the object that `identity` tells apart from all others of the cluster.
    pub(super) fn of_object(&self, identity: &str) -> ObjectPlaceholders {
        let mut context = hmac::Context::with_key(&self.key.0);
        absorb(&mut context, self.cluster.as_bytes());
        absorb(&mut context, self.scope.as_bytes());
        absorb(&mut context, identity.as_bytes());
        let mut object = context.clone();
        absorb(&mut object, b"object");
        ObjectPlaceholders { context, tag: half(object), echo: self.echo.clone() }
    }

    /// A salt made of all that tells one write from every other.
    pub(super) fn salt(&self, of: &[&str]) -> String {
        let mut context = hmac::Context::with_key(&self.key.0);
        absorb(&mut context, self.cluster.as_bytes());
        absorb(&mut context, b"salt");
        for part in of {
            absorb(&mut context, part.as_bytes());
        }
        half(context)
    }
}

/// Makes the placeholders of one object.
pub(super) struct ObjectPlaceholders {
    /// Has read what they have in common.
    context: hmac::Context,
    tag: String,
    echo: Echo,
}

impl ObjectPlaceholders {
    /// The one for the value at `place`; `key` if that is one of a Secret's.
    pub(super) fn live<'p>(
        &self,
        (place, key): (impl Iterator<Item = &'p str>, Option<&str>),
        salt: &str,
        value: &[u8],
    ) -> String {
        if self.is_written(key) {
            return WRITTEN.to_owned();
        }
        let mut context = self.context.clone();
        absorb(&mut context, b"live");
        absorb(&mut context, salt.as_bytes());
        absorb(&mut context, value);
        place.for_each(|part| absorb(&mut context, part.as_bytes()));
        self.finish(context)
    }

    /// Whether a value under this key came with the request.
    fn is_written(&self, key: Option<&str>) -> bool {
        match &self.echo {
            Echo::None => false,
            Echo::Keys(keys) => key.is_some_and(|key| keys.contains(key)),
            Echo::All => true,
        }
    }

    /// The one for whatever stands at `place` of the last-applied annotation.
    pub(super) fn last_applied<'p>(&self, place: impl Iterator<Item = &'p str>) -> String {
        let mut context = self.context.clone();
        absorb(&mut context, b"last-applied");
        place.for_each(|part| absorb(&mut context, part.as_bytes()));
        self.finish(context)
    }

    /// Whether a placeholder is one of this object's, made at any time.
    pub(super) fn made(&self, placeholder: &str) -> bool {
        placeholder.strip_prefix(PREFIX).is_some_and(|halves| halves.starts_with(&self.tag))
    }

    fn finish(&self, context: hmac::Context) -> String {
        [PREFIX, &self.tag, &half(context)].concat()
    }
}

/// With its length first, so that no two lists of parts read the same.
fn absorb(context: &mut hmac::Context, part: &[u8]) {
    context.update(&(part.len() as u64).to_be_bytes());
    context.update(part);
}

fn half(context: hmac::Context) -> String {
    let tag = context.sign();
    URL_SAFE_NO_PAD.encode(tag.as_ref().get(..HALF_BYTES).unwrap_or_default())
}

/// Where in a text placeholders stand, as they are, in their order.
pub(super) fn find(text: &str) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    let starts = memmem::find_iter(text.as_bytes(), MARK).collect::<Vec<_>>();
    starts.into_iter().map(move |start| start..start + length_at(text, start))
}

/// How long the placeholder is that starts here: cut short or run into by other text, it is none
/// that was made here, but it is one all the same.
fn length_at(text: &str, start: usize) -> usize {
    let of = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':');
    text.bytes().skip(start).take(LENGTH).take_while(of).count()
}

/// Whether a placeholder stands anywhere in an outgoing JSON body: as it is, with JSON escapes,
/// or within base64 at any alignment, and within base64 of that: what a Secret shows is base64 already,
/// and some encode it once more.
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

/// The mark, its base64, and the base64 of that.
fn needles() -> Vec<Finder<'static>> {
    let once = encodings(MARK.as_bytes());
    let twice = once.iter().flat_map(|needle| encodings(needle)).collect::<Vec<_>>();
    let mut needles = [vec![MARK.as_bytes().to_vec()], once, twice].concat();
    needles.sort();
    needles.dedup();
    needles.iter().map(|needle| Finder::new(needle).into_owned()).collect()
}

/// The characters of a text's base64 that depend on nothing around it, in both alphabets and at every
/// alignment.
fn encodings(text: &[u8]) -> Vec<Vec<u8>> {
    let aligned = (0..3).flat_map(|before| {
        let padded = [vec![0; before], text.to_vec()].concat();
        let clean = (before * 8).div_ceil(6)..padded.len() * 8 / 6;
        let encoded = [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)];
        encoded
            .into_iter()
            .filter_map(move |of| of.as_bytes().get(clean.clone()).map(<[u8]>::to_vec))
    });
    aligned.collect()
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
        let object = key.placeholders(cluster, Echo::None).of_object(object);
        object.live((place.iter().copied(), None), "", value.as_bytes())
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
        assert_eq!((one.len(), WRITTEN.len()), (LENGTH, LENGTH));
    }

    #[test]
    fn a_placeholder_tells_its_object() {
        let key = PlaceholderKey::new(&[7; 32]).placeholders("prod", Echo::None);
        let object = key.of_object("uid-1");
        assert!(object.made(&make("prod", "uid-1", &["data", "a"], "x")));
        assert!(object.made(&object.last_applied(["data"].into_iter())));
        assert!(!object.made(&make("prod", "uid-2", &["data", "a"], "x")));
        assert!(!object.made(WRITTEN));
    }

    #[test]
    fn what_came_with_the_request_is_shown_as_a_constant() {
        let echo = Echo::Keys(Arc::new(["a".to_owned()].into()));
        let key = PlaceholderKey::new(&[7; 32]).placeholders("prod", echo);
        let object = key.of_object("uid-1");
        let live =
            |key: &str, value| object.live((["data", key].into_iter(), Some(key)), "", value);
        assert_eq!(live("a", b"x"), WRITTEN);
        assert_eq!(live("a", b"y"), WRITTEN);
        assert_eq!(live("b", b"x"), make("prod", "uid-1", &["data", "b"], "x"));
    }

    #[test]
    fn placeholders_are_found_where_they_stand() {
        let one = make("prod", "uid-1", &["data", "a"], "x");
        let text = format!("a={one}, b={one}\nc=kguard:masked:");
        let found: Vec<_> = find(&text).filter_map(|range| text.get(range)).collect();
        assert_eq!(found, [one.as_str(), &one, "kguard:masked:"]);
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
                let again = format!("{before}{encoded}{after}");
                for twice in [STANDARD.encode(&again), URL_SAFE_NO_PAD.encode(&again)] {
                    prop_assert!(contains_placeholder(twice.as_bytes()));
                }
                let lines: Vec<_> = encoded.as_bytes().chunks(breaks).map(String::from_utf8_lossy).collect();
                prop_assert!(contains_placeholder(lines.join("\\r\\n").as_bytes()));
            }
        }
    }
}
