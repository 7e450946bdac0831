//! Texts and bytes in quotes, with cel-go's escapes (`parser/unescape.go`).

use crate::policy::expr::value::Value;

/// The literal that `text` starts with, if it starts with one, and how many bytes it takes.
pub(super) fn quoted(text: &str) -> Result<Option<(Value<'static>, usize)>, &'static str> {
    let (prefix, body) = text.split_at(text.find(['"', '\'']).filter(|at| *at <= 2).unwrap_or(0));
    let (raw, bytes) = match prefix.to_ascii_lowercase().as_str() {
        "" if body.starts_with(['"', '\'']) => (false, false),
        "r" => (true, false),
        "b" => (false, true),
        "br" | "rb" => (true, true),
        _ => return Ok(None),
    };
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| body.starts_with(quote));
    let quote = quote.ok_or("a text without quotes")?;
    let inner = body.get(quote.len()..).unwrap_or_default();
    let length = inner_length(inner, quote, raw).ok_or("a text is not closed")?;
    let inner = inner.get(..length).unwrap_or_default().replace("\r\n", "\n").replace('\r', "\n");
    if quote.len() == 1 && inner.contains('\n') {
        return Err("a text with one quote at each end goes over several lines");
    }
    let content = if raw { inner.into_bytes() } else { unescape(&inner, bytes)? };
    let value = if bytes {
        Value::Bytes(content.into())
    } else {
        Value::text(String::from_utf8(content).map_err(|_| "a text is not Unicode")?)
    };
    Ok(Some((value, prefix.len() + 2 * quote.len() + length)))
}

/// Where the closing quote is.
fn inner_length(inner: &str, quote: &str, raw: bool) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = inner.get(from..)?;
        if rest.starts_with(quote) {
            return Some(from);
        }
        let mut chars = rest.chars();
        from += chars.next()?.len_utf8();
        if !raw && rest.starts_with('\\') {
            from += chars.next()?.len_utf8();
        }
    }
}

fn unescape(text: &str, bytes: bool) -> Result<Vec<u8>, &'static str> {
    const BAD: &str = "an escape in a text is unknown";
    let mut content = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            push(&mut content, c);
            continue;
        }
        let escape = chars.next().ok_or(BAD)?;
        let (digits, radix) = match escape {
            'x' | 'X' => (take(&mut chars, 2), 16),
            'u' if !bytes => (take(&mut chars, 4), 16),
            'U' if !bytes => (take(&mut chars, 8), 16),
            '0'..='3' => (format!("{escape}{}", take(&mut chars, 2)), 8),
            _ => {
                content.push(simple(escape).ok_or(BAD)?);
                continue;
            }
        };
        let complete = digits.len() == if radix == 8 { 3 } else { expected(escape) };
        let code = u32::from_str_radix(&digits, radix).ok().filter(|_| complete).ok_or(BAD)?;
        if bytes {
            content.push(u8::try_from(code).map_err(|_| BAD)?);
        } else {
            push(&mut content, char::from_u32(code).ok_or("an escape in a text is no character")?);
        }
    }
    Ok(content)
}

const fn expected(escape: char) -> usize {
    match escape {
        'u' => 4,
        'U' => 8,
        _ => 2,
    }
}

fn take(chars: &mut std::str::Chars<'_>, count: usize) -> String {
    chars.by_ref().take(count).filter(char::is_ascii_hexdigit).collect()
}

fn push(content: &mut Vec<u8>, c: char) {
    content.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

const fn simple(escape: char) -> Option<u8> {
    Some(match escape {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' | '\'' | '"' | '`' | '?' => escape as u8,
        _ => return None,
    })
}
