//! As much of Kubernetes' protobuf encoding as a gateway has to read itself: the `k8s\0` envelope
//! flat messages, and, in both directions, the few objects whose values masks are about (k8s.io/apimachinery `pkg/runtime/serializer/protobuf/protobuf.go`).

mod answer;
mod object;
mod schema;

pub use answer::answer;
pub use object::object;

/// The bytes are not what they are labelled as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not valid Kubernetes protobuf")]
pub struct Malformed;

/// What `runtime.Unknown` says of the message that it wraps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// `apiVersion`, e.g. `apps/v1`; empty if the sender left it out.
    pub api_version: &'a str,
    /// `kind`; empty if the sender left it out.
    pub kind: &'a str,
    /// The message itself.
    pub raw: &'a [u8],
}

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    /// A length-delimited field: its number and its bytes.
    Bytes(u32, &'a [u8]),
    /// A varint field: its number and its value.
    Number(u32, u64),
}

const MAGIC: &[u8] = b"k8s\0";

/// Opens the envelope.
pub fn envelope(body: &[u8]) -> Result<Envelope<'_>, Malformed> {
    let unknown = body.strip_prefix(MAGIC).ok_or(Malformed)?;
    let mut envelope = Envelope { api_version: "", kind: "", raw: &[] };
    for field in fields(unknown) {
        match field? {
            Field::Bytes(1, type_meta) => {
                for field in fields(type_meta) {
                    match field? {
                        Field::Bytes(1, raw) => envelope.api_version = text(raw)?,
                        Field::Bytes(2, raw) => envelope.kind = text(raw)?,
                        _ => return Err(Malformed),
                    }
                }
            }
            Field::Bytes(2, raw) => envelope.raw = raw,
            // contentEncoding and contentType: the wrapped bytes would be something else again.
            Field::Bytes(3 | 4, b"") => {}
            _ => return Err(Malformed),
        }
    }
    Ok(envelope)
}

/// The fields of a message, in order. After an error the iteration ends.
pub fn fields(message: &[u8]) -> impl Iterator<Item = Result<Field<'_>, Malformed>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = next_field(rest);
        rest = field.as_ref().map_or(&[][..], |&(_, after)| after);
        Some(field.map(|(field, _)| field))
    })
}

/// A bytes field as text.
pub fn text(raw: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(raw).map_err(|_| Malformed)
}

fn next_field(message: &[u8]) -> Result<(Field<'_>, &[u8]), Malformed> {
    let (tag, rest) = varint(message)?;
    let number = u32::try_from(tag >> 3).map_err(|_| Malformed)?;
    let (value, rest) = varint(rest)?;
    match tag & 7 {
        0 => Ok((Field::Number(number, value), rest)),
        2 => {
            let length = usize::try_from(value).map_err(|_| Malformed)?;
            let (bytes, rest) = rest.split_at_checked(length).ok_or(Malformed)?;
            Ok((Field::Bytes(number, bytes), rest))
        }
        _ => Err(Malformed),
    }
}

fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), Malformed> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        if index == 9 && bits > 1 {
            break;
        }
        value |= bits << (7 * index);
        if byte & 0x80 == 0 {
            return Ok((value, bytes.get(index + 1..).unwrap_or_default()));
        }
    }
    Err(Malformed)
}

#[cfg(test)]
pub(super) fn wrap(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        assert!(length < 0x80, "test messages are short");
        [&[number << 3 | 2, length], content].concat()
    }
    let type_meta = [bytes(1, api_version.as_bytes()), bytes(2, kind.as_bytes())].concat();
    [MAGIC.to_vec(), bytes(1, &type_meta), bytes(2, raw)].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_envelope_names_its_kind() {
        let body = wrap("v1", "Pod", &[0x0a, 0x00]);
        let envelope = envelope(&body).unwrap();
        assert_eq!((envelope.api_version, envelope.kind), ("v1", "Pod"));
        assert_eq!(fields(envelope.raw).collect::<Vec<_>>(), [Ok(Field::Bytes(1, b""))]);
    }

    #[test]
    fn bytes_that_end_too_early_are_malformed() {
        for message in [&[0x0a][..], &[0x0a, 5, 1], &[0x80; 12], &[0x0d, 1, 2, 3, 4]] {
            assert_eq!(fields(message).last(), Some(Err(Malformed)), "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = envelope(&[MAGIC, &bytes].concat());
            fields(&bytes).for_each(drop);
        }

        /// What an envelope says is what was put into it.
        #[test]
        fn what_is_wrapped_is_what_is_read(
            api_version in "[a-z0-9./]{0,20}", kind in "[A-Za-z]{0,20}",
            raw in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let body = wrap(&api_version, &kind, &raw);
            let (api_version, kind) = (&*api_version, &*kind);
            prop_assert_eq!(envelope(&body), Ok(Envelope { api_version, kind, raw: &raw }));
        }
    }
}
