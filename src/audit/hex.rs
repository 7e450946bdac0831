//! Bytes of a known number as hex. Each value has one spelling, so that no byte of a trail can
//! change without changing what it says.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Exactly `N` bytes, spelled in lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hex<const N: usize>(pub [u8; N]);

/// SHA-256 of some bytes, as hex.
pub fn sha256(bytes: &[u8]) -> String {
    let mut hashing = Sha256::default();
    hashing.update(bytes);
    hashing.finish()
}

/// SHA-256 of bytes that come in pieces.
#[derive(Clone)]
pub struct Sha256(Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Sha256 {
    /// The next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all of them, as hex.
    pub fn finish(self) -> String {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.0.finish().as_ref());
        Hex(hash).to_string()
    }
}

/// Without what was hashed.
impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256(..)")
    }
}

/// The text is not hex of the right length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} lower-case hex digits")]
pub struct NotHex {
    /// How many digits there should be.
    pub digits: usize,
}

impl<const N: usize> FromStr for Hex<N> {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        let wrong = NotHex { digits: 2 * N };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != N || !rest.is_empty() {
            return Err(wrong);
        }
        let mut bytes = [0; N];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = nibble(*high).ok_or(wrong)? << 4 | nibble(*low).ok_or(wrong)?;
        }
        Ok(Self(bytes))
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl<const N: usize> Hex<N> {
    /// Every entry of a trail has one: this is some ten times faster than formatting each byte.
    fn text(&self) -> String {
        let nibbles = self.0.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        nibbles.map(digit).collect()
    }
}

/// Of a number below 16.
fn digit(nibble: u8) -> char {
    char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 })
}

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> AsRef<[u8]> for Hex<N> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_exactly_one_spelling() {
        assert_eq!(Hex([0x0f, 0xa0]).to_string(), "0fa0");
        assert_eq!("0fa0".parse(), Ok(Hex([0x0f, 0xa0])));
        for text in ["0FA0", "0fa", "0fa00", "0fa0ff", "0fg0", " 0fa", "+fa0", ""] {
            assert_eq!(text.parse::<Hex<2>>(), Err(NotHex { digits: 4 }), "{text}");
        }
    }
}
