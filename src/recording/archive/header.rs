//! The header of a file in an archive.

use super::LARGEST;

/// What a header says.
pub(super) struct Header {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) kind: u8,
    pub(super) link: String,
}

impl Header {
    /// Nothing, if it is no header to some readers, or says to some what it does not say to others.
    pub(super) fn read(block: &[u8]) -> Option<Self> {
        let kind = *block.get(156)?;
        let name = name(block)?;
        let size = size(block.get(124..136)?, kind)?;
        let link = c_text(block.get(157..257)?);
        is_summed_up(block)?.then_some(Self { name, size, kind, link })
    }
}

fn is_summed_up(block: &[u8]) -> Option<bool> {
    let sum = octal(block.get(148..156)?)?;
    let blank = |at: usize, byte: u8| if (148..156).contains(&at) { b' ' } else { byte };
    let own: u64 = block.iter().enumerate().map(|(at, byte)| u64::from(blank(at, *byte))).sum();
    Some(sum == own)
}

/// The name behind its prefix.
fn name(block: &[u8]) -> Option<String> {
    let (name, prefix) = (c_text(block.get(..100)?), c_text(block.get(345..500)?));
    // BusyBox takes it for a block of zeros, whatever else is in it.
    if name.is_empty() && prefix.is_empty() {
        return None;
    }
    if prefix.is_empty() {
        return Some(name);
    }
    // BusyBox knows a prefix whatever the magic, the others do not. In an archive of star's it is shorter.
    let (is_ustar, is_star) = (block.get(257..263)? == b"ustar\0", block.get(508..)? == b"tar\0");
    (is_ustar && !is_star).then(|| format!("{prefix}/{name}"))
}

/// What has no content may have no size.
fn size(field: &[u8], kind: u8) -> Option<u64> {
    let is_blank = matches!(kind, b'1'..=b'6') && field.iter().all(|byte| *byte == 0);
    if is_blank { Some(0) } else { number(field) }
}

/// Octal digits; or, for large files, a number in base 256 behind a set bit (GNU).
fn number(field: &[u8]) -> Option<u64> {
    match field.split_first()? {
        (0x80, rest) => {
            let (high, low) = rest.split_at_checked(rest.len().checked_sub(8)?)?;
            let low = low.try_into().ok().map(u64::from_be_bytes)?;
            high.iter().all(|byte| *byte == 0).then_some(low).filter(|size| *size < LARGEST)
        }
        _ => octal(field),
    }
}

/// Digits, then blanks, as all writers write them. Of anything else (signs, blanks ahead of digits, what is
/// behind blanks) readers make different numbers.
fn octal(field: &[u8]) -> Option<u64> {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'7');
    let end = field.iter().position(|byte| !is_digit(byte)).unwrap_or(field.len());
    let (digits, blanks) = field.split_at(end);
    let digits = std::str::from_utf8(digits).ok()?;
    blanks.iter().all(|byte| matches!(byte, 0 | b' ')).then_some(())?;
    u64::from_str_radix(digits, 8).ok()
}

/// The text up to the first NUL.
pub(super) fn c_text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_writers_write() {
        let cases: [(&[u8], _); 14] = [
            (b"0000017\0", Some(15)),
            (b"000017\0 ", Some(15)),
            (b"000017 \0", Some(15)),
            (b"17      ", Some(15)),
            (b"00000017", Some(15)),
            (b"  000017", None),
            (b"\x000000017", None),
            (b"+0000017", None),
            (b"-0000017", None),
            (b"00017\x0017", None),
            (b"000017 x", None),
            (b"00000018", None),
            (b"\0\0\0\0\0\0\0\0", None),
            (b"        ", None),
        ];
        for (field, number) in cases {
            assert_eq!(octal(field), number, "{}", field.escape_ascii());
        }
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"), Some(1 << 33));
        assert_eq!(number(b"\x80\0\0\x01\0\0\0\x02\0\0\0\0"), None);
        assert_eq!(number(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), None);
    }

    #[test]
    fn only_what_has_no_content_has_no_size() {
        for kind in 0..=u8::MAX {
            let has_none = (b'1'..=b'6').contains(&kind);
            assert_eq!(size(&[0; 12], kind), has_none.then_some(0), "{kind}");
            assert_eq!(size(&[b' '; 12], kind), None, "{kind}");
        }
    }
}
