//! What is said of a file ahead of its header: the records of pax, and GNU's long names.

use super::{LARGEST, c_text};

/// From here on a size has no room in the digits of a header.
const NO_ROOM: u64 = 8 << 30;

/// What was said of the next file.
#[derive(Default)]
pub(super) struct Said {
    pub(super) name: Option<String>,
    pub(super) link: Option<String>,
    pub(super) size: Option<u64>,
    /// The kinds of the headers that said it.
    kinds: Vec<u8>,
}

impl Said {
    /// Whether readers agree on what counts if this is said too. Of several that say the same some take the
    /// first, some the last; and some forget what was said ahead of something that is about all files.
    pub(super) fn may_be_followed_by(&self, kind: u8) -> bool {
        match kind {
            b'x' | b'g' => self.kinds.is_empty(),
            _ => !self.kinds.contains(&b'x') && !self.kinds.contains(&kind),
        }
    }

    /// Whether GNU's long name was said: whoever knows that passes over the name in the header.
    pub(super) fn has_long_name(&self) -> bool {
        self.kinds.contains(&b'L')
    }

    /// The length of a file of which its header says another. BusyBox goes by the header, whatever is
    /// said ahead: the two may differ only where no writer could say it in the header.
    pub(super) fn size_of_file(&self, own: u64) -> Option<u64> {
        let size = self.size.unwrap_or(own);
        (size == own || (own == 0 && size >= NO_ROOM)).then_some(size)
    }

    /// Takes down what is said. Nothing, if not every reader would understand it, and alike.
    pub(super) fn read(&mut self, kind: u8, text: &[u8]) -> Option<()> {
        match kind {
            b'g' => return each_record(text, |key, _| (key == "comment").then_some(())),
            b'x' => each_record(text, |key, value| self.tell(key, value))?,
            b'L' => self.name = Some(long_text(text)?),
            _ => self.link = Some(long_text(text)?),
        }
        self.kinds.push(kind);
        Some(())
    }

    /// Of several records that are alike the last one counts (POSIX, pax).
    fn tell(&mut self, key: &str, value: &[u8]) -> Option<()> {
        match key {
            "path" => self.name = Some(text(value)?),
            "linkpath" => self.link = Some(text(value)?),
            "size" => self.size = Some(decimal(value).filter(|size| *size < LARGEST)?),
            "mtime" | "atime" | "ctime" | "uid" | "gid" | "uname" | "gname" | "comment" => {}
            // What says where in a file its holes are, or how names are written, is for some readers only.
            _ => is_passed_over(key).then_some(())?,
        }
        Some(())
    }
}

/// Attributes: they are about neither what is in a file nor what it is called.
fn is_passed_over(key: &str) -> bool {
    ["SCHILY.xattr.", "LIBARCHIVE."].iter().any(|own| key.starts_with(own)) && !key.contains('\0')
}

/// Some readers take an empty text for none said, and cut a text at a NUL.
fn text(value: &[u8]) -> Option<String> {
    let is_text = !value.is_empty() && !value.contains(&0);
    is_text.then(|| String::from_utf8_lossy(value).into_owned())
}

/// A text with a NUL behind it.
fn long_text(text: &[u8]) -> Option<String> {
    let is_whole =
        text.len() > 1 && text.iter().position(|byte| *byte == 0) == Some(text.len() - 1);
    is_whole.then(|| c_text(text))
}

/// Reads records, `LENGTH KEY=VALUE\n` each, up to the end of the text: some readers stop where one is
/// written otherwise, some read on.
fn each_record(mut text: &[u8], mut tell: impl FnMut(&str, &[u8]) -> Option<()>) -> Option<()> {
    while !text.is_empty() {
        let space = text.iter().position(|byte| *byte == b' ')?;
        let length = usize::try_from(decimal(text.get(..space)?)?).ok()?;
        let record = text.get(space + 1..length)?.strip_suffix(b"\n")?;
        let (key, value) = record.split_at(record.iter().position(|byte| *byte == b'=')?);
        tell(std::str::from_utf8(key).ok()?, value.get(1..)?)?;
        text = text.get(length..)?;
    }
    Some(())
}

/// Digits without a sign, and without zeros ahead of them.
fn decimal(digits: &[u8]) -> Option<u64> {
    let is_plain =
        digits.iter().all(u8::is_ascii_digit) && (digits.len() == 1 || !digits.starts_with(b"0"));
    std::str::from_utf8(digits).ok().filter(|_| is_plain)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(kind: u8, text: &[u8]) -> bool {
        Said::default().read(kind, text).is_some()
    }

    #[test]
    fn records_are_read_that_are_written_exactly() {
        let cases: [(&str, bool); 20] = [
            ("9 path=a\n", true),
            ("9 path=a\n10 uid=12\n", true),
            ("24 SCHILY.xattr.user.a=\n", true),
            ("24 LIBARCHIVE.xattr.b=c\n", true),
            ("11 mtime=1\n", true),
            ("9 path=a\n\n", false),
            ("9 path=a\n\0", false),
            (" 9 path=a\n", false),
            ("+9 path=a\n", false),
            ("09 path=a\n", false),
            ("9 path=aa", false),
            ("8 path=a\n", false),
            ("12 path=a\n", false),
            ("0 path=a\n", false),
            ("7 path\n", false),
            ("8 path=\n", false),
            ("10 path=a\0\n", false),
            ("11 size=+1\n", false),
            ("22 GNU.sparse.major=1\n", false),
            ("21 hdrcharset=BINARY\n", false),
        ];
        for (text, is_read) in cases {
            assert_eq!(reads(b'x', text.as_bytes()), is_read, "{text:?}");
        }
    }

    #[test]
    fn of_all_files_nothing_is_said_but_a_comment() {
        assert!(reads(b'g', b"13 comment=a\n"));
        for text in
            ["9 path=a\n", "9 size=0\n", "13 comment=a\n9 size=0\n", "13 comment=a", "harmless"]
        {
            assert!(!reads(b'g', text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn a_long_text_ends_with_its_only_nul() {
        for kind in [b'L', b'K'] {
            assert!(reads(kind, b"long\0"));
            for text in ["", "\0", "long", "long\0long\0", "long\0\0"] {
                assert!(!reads(kind, text.as_bytes()), "{text:?}");
            }
        }
    }

    #[test]
    fn a_size_is_said_ahead_where_a_header_has_no_room_for_it() {
        let cases = [
            (None, 5, Some(5)),
            (Some(5), 5, Some(5)),
            (Some(0), 0, Some(0)),
            (Some(NO_ROOM), 0, Some(NO_ROOM)),
            (Some(NO_ROOM - 1), 0, None),
            (Some(0), 5, None),
            (Some(6), 5, None),
            (Some(NO_ROOM), 5, None),
        ];
        for (size, own, bytes) in cases {
            let said = Said { size, ..Said::default() };
            assert_eq!(said.size_of_file(own), bytes, "{size:?} {own}");
        }
    }
}
