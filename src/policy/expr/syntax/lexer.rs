//! The words of an expression.

use super::{SyntaxError, literal};
use crate::policy::expr::value::Value;

/// A word, and the byte at which it starts.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) word: Word,
}

#[derive(Clone)]
pub(super) enum Word {
    End,
    /// A name, a keyword or a reserved word.
    Identifier(String),
    /// A number or text as it is written, with its value. A number's sign is not part of it.
    Literal(Value<'static>),
    /// A whole number, whose value depends on the sign before it.
    Whole(String),
    Symbol(&'static str),
}

/// The longer ones first.
const SYMBOLS: [&str; 25] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",",
    "(", ")", "[", "]", "{", "}", "`",
];

/// The words of `text`, the last of which is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = skip_blanks(rest);
        let at = text.len() - rest.len();
        if rest.is_empty() {
            tokens.push(Token { at, word: Word::End });
            return Ok(tokens);
        }
        let (word, length) = word(rest, at)?;
        tokens.push(Token { at, word });
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn skip_blanks(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
        match text.strip_prefix("//") {
            Some(comment) => text = comment.split_once('\n').map_or("", |(_, rest)| rest),
            None => return text,
        }
    }
}

/// The first word of `text`, and how many bytes it takes.
fn word(text: &str, at: usize) -> Result<(Word, usize), SyntaxError> {
    if let Some((value, length)) =
        literal::quoted(text).map_err(|message| SyntaxError::new(at, message))?
    {
        return Ok((Word::Literal(value), length));
    }
    let first = text.chars().next().unwrap_or_default();
    let fraction =
        text.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if first.is_ascii_digit() || fraction {
        return number(text)
            .ok_or_else(|| SyntaxError::new(at, "a number is malformed or too large"));
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let length = text.find(|c: char| !is_part_of_name(c)).unwrap_or(text.len());
        let name = text.get(..length).unwrap_or_default().to_owned();
        return Ok((Word::Identifier(name), length));
    }
    match SYMBOLS.iter().find(|symbol| text.starts_with(**symbol)) {
        Some(&"`") => {
            Err(SyntaxError::new(at, "names in backticks are not to be had in Kubernetes"))
        }
        Some(symbol) => Ok((Word::Symbol(symbol), symbol.len())),
        None => {
            Err(SyntaxError::new(at, format!("unexpected character `{}`", first.escape_default())))
        }
    }
}

const fn is_part_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn number(text: &str) -> Option<(Word, usize)> {
    let length = number_length(text);
    let (digits, rest) = text.split_at_checked(length)?;
    if digits.contains(['.', 'e', 'E']) && !digits.starts_with("0x") {
        let double = digits.parse().ok().filter(|double: &f64| double.is_finite())?;
        return (!rest.starts_with(is_part_of_name))
            .then_some((Word::Literal(Value::Double(double)), length));
    }
    let unsigned = rest.starts_with(['u', 'U']);
    let behind = if unsigned { rest.get(1..)? } else { rest };
    if behind.starts_with(is_part_of_name) {
        return None;
    }
    let word = if unsigned {
        Word::Literal(Value::Uint(whole(digits, "")?))
    } else {
        Word::Whole(digits.to_owned())
    };
    Some((word, length + usize::from(unsigned)))
}

/// The number of `digits`, decimal or hexadecimal, behind a `sign`.
pub(super) fn whole<T: TryFrom<i128>>(digits: &str, sign: &str) -> Option<T> {
    let number = match digits.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    T::try_from(if sign.is_empty() { number } else { -number }).ok()
}

fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let run = |from: usize, accept: fn(&u8) -> bool| {
        bytes.iter().skip(from).take_while(|byte| accept(byte)).count()
    };
    if text.starts_with("0x") {
        return 2 + run(2, u8::is_ascii_hexdigit);
    }
    let mut length = run(0, u8::is_ascii_digit);
    let fraction = run(length + 1, u8::is_ascii_digit);
    if bytes.get(length) == Some(&b'.') && fraction > 0 {
        length += 1 + fraction;
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = run(length + 1 + signed, u8::is_ascii_digit);
        if exponent > 0 {
            length += 1 + signed + exponent;
        }
    }
    length
}
