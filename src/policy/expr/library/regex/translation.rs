//! From Go's syntax of regular expressions to the crate's: `\d`, `\w`, `\s` and `\b` know ASCII
//! alone, `\Q..\E` quotes, brackets within brackets are themselves, and what only the crate knows
//! is refused.

/// Go repeats nothing more often.
const MAX_REPEAT: u32 = 1000;

/// The same expression for the crate; none if Go refuses it.
pub(super) fn from_go(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut class = false;
    let mut class_start = false;
    let mut repeated = Repeated::No;
    while let Some(c) = rest.chars().next() {
        let behind = rest.get(c.len_utf8()..)?;
        let (piece, next) = match c {
            '\\' => escape(behind, class)?,
            '[' if class => bracket_in_class(rest)?,
            '[' => {
                class = true;
                let negated = behind.starts_with('^');
                class_start = true;
                let next = if negated { behind.get(1..)? } else { behind };
                out.push_str(if negated { "[^" } else { "[" });
                rest = next;
                continue;
            }
            ']' if class && !class_start => {
                class = false;
                ("]".to_owned(), behind)
            }
            // What combines classes in the crate is itself in Go.
            ']' | '&' | '~' if class => (format!("\\{c}"), behind),
            '-' if class && behind.starts_with('-') => ("\\-".to_owned(), behind),
            '(' if behind.starts_with('?') => flags(behind)?,
            '{' if !class => repeat(behind)?,
            _ => (c.to_string(), behind),
        };
        class_start = false;
        repeated = repeated.then(class, &piece)?;
        out.push_str(&piece);
        rest = next;
    }
    Some(out)
}

/// Whether a repetition came last. Go lets only a `?` follow it, once.
#[derive(Clone, Copy, PartialEq)]
enum Repeated {
    No,
    Greedy,
    Lazy,
}

impl Repeated {
    fn then(self, class: bool, piece: &str) -> Option<Self> {
        match (self, piece) {
            _ if class => Some(Self::No),
            (Self::No, "*" | "+" | "?") => Some(Self::Greedy),
            (Self::No, _) if piece.starts_with('{') => Some(Self::Greedy),
            (Self::Greedy, "?") => Some(Self::Lazy),
            (_, "*" | "+" | "?") => None,
            _ if piece.starts_with('{') => None,
            _ => Some(Self::No),
        }
    }
}

/// What stands for `\` and what follows it.
fn escape(text: &str, class: bool) -> Option<(String, &str)> {
    let c = text.chars().next()?;
    let rest = text.get(c.len_utf8()..)?;
    let piece = match c {
        'd' => "[0-9]".to_owned(),
        'D' => "[^0-9]".to_owned(),
        'w' => "[0-9A-Za-z_]".to_owned(),
        'W' => "[^0-9A-Za-z_]".to_owned(),
        's' => "[\\t\\n\\x0C\\r ]".to_owned(),
        'S' => "[^\\t\\n\\x0C\\r ]".to_owned(),
        'b' | 'B' if !class => format!("(?-u:\\{c})"),
        'Q' if !class => {
            let (quoted, rest) = rest.split_once("\\E").unwrap_or((rest, ""));
            return Some((regex::escape(quoted), rest));
        }
        'A' | 'z' if !class => format!("\\{c}"),
        'p' | 'P' if rest.starts_with('{') => {
            let (name, rest) = rest.split_once('}')?;
            return Some((format!("\\{c}{name}}}"), rest));
        }
        'p' | 'P' | 'a' | 'f' | 't' | 'n' | 'r' | 'v' => format!("\\{c}"),
        'x' => return hexadecimal(rest),
        '0'..='7' => return octal(text),
        // Go has no references, and no other letters.
        c if c.is_alphanumeric() => return None,
        c if c.is_ascii() => format!("\\x{{{:x}}}", u32::from(c)),
        _ => return None,
    };
    Some((piece, rest))
}

fn hexadecimal(text: &str) -> Option<(String, &str)> {
    let (digits, rest) = match text.strip_prefix('{') {
        Some(text) => text.split_once('}')?,
        None => text.split_at_checked(2)?,
    };
    character(u32::from_str_radix(digits, 16).ok()?, rest)
}

/// `\0` to `\377`; one digit that is not 0 would refer back.
fn octal(text: &str) -> Option<(String, &str)> {
    let length = text.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    let (digits, rest) = text.split_at_checked(length)?;
    if length == 1 && digits != "0" {
        return None;
    }
    character(u32::from_str_radix(digits, 8).ok()?, rest)
}

fn character(code: u32, rest: &str) -> Option<(String, &str)> {
    char::from_u32(code)?;
    Some((format!("\\x{{{code:x}}}"), rest))
}

/// `[:alpha:]` in brackets, or a bracket that is itself.
fn bracket_in_class(text: &str) -> Option<(String, &str)> {
    if !text.starts_with("[:") {
        return Some(("\\[".to_owned(), text.get(1..)?));
    }
    match text.split_once(":]") {
        Some((name, rest)) => Some((format!("{name}:]"), rest)),
        None => Some(("\\[".to_owned(), text.get(1..)?)),
    }
}

/// A group with flags or a name. Go knows `i`, `m`, `s` and `U`.
fn flags(text: &str) -> Option<(String, &str)> {
    let known = |c: char| matches!(c, '?' | 'i' | 'm' | 's' | 'U' | '-');
    let end = text.find(|c| !known(c))?;
    let (flags, rest) = text.split_at_checked(end)?;
    let named = flags == "?" && (rest.starts_with("P<") || rest.starts_with('<'));
    let lookaround = rest.starts_with("<=") || rest.starts_with("<!");
    ((named && !lookaround) || rest.starts_with([':', ')'])).then(|| (format!("({flags}"), rest))
}

/// `{2,5}`; anything else in braces is itself.
fn repeat(text: &str) -> Option<(String, &str)> {
    let itself = || Some(("\\{".to_owned(), text));
    let Some((counts, rest)) = text.split_once('}') else { return itself() };
    let (least, most) = counts.split_once(',').unwrap_or((counts, ""));
    let number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if least.is_empty() || !number(least) || !number(most) {
        return itself();
    }
    let within = |digits: &str| {
        digits.is_empty() || digits.parse().is_ok_and(|count: u32| count <= MAX_REPEAT)
    };
    (within(least) && within(most)).then(|| (format!("{{{counts}}}"), rest))
}

#[cfg(test)]
mod tests {
    use super::from_go;

    #[test]
    fn what_go_reads_differently_is_rewritten_and_what_it_refuses_is_refused() {
        for (go, expected) in [
            (r"^\d+\.x$", Some(r"^[0-9]+\x{2e}x$")),
            (r"[\w-]", Some("[[0-9A-Za-z_]-]")),
            (r"[a[b]", Some(r"[a\[b]")),
            (r"[[:alpha:]]", Some("[[:alpha:]]")),
            (r"[]a]", Some(r"[\]a]")),
            (r"[a&&b]", Some(r"[a\&\&b]")),
            (r"\Qa.b\E.", Some(r"a\.b.")),
            (r"\bx", Some(r"(?-u:\b)x")),
            (r"(?i)x", Some("(?i)x")),
            (r"(?P<n>x)", Some("(?P<n>x)")),
            (r"x{", Some(r"x\{")),
            (r"x{2,3}", Some("x{2,3}")),
            (r"x{1001}", None),
            (r"(?x)a", None),
            (r"(?=a)", None),
            (r"(?<=a)", None),
            (r"\1", None),
            (r"\u0041", None),
            ("\\", None),
        ] {
            assert_eq!(from_go(go).as_deref(), expected, "{go}");
        }
    }
}
