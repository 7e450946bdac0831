//! Field selectors, as far as a gateway needs them: which value a selector pins a field to.
//!
//! The grammar is that of k8s.io/apimachinery `pkg/fields/selector.go`: terms separated by `,`,
//! each `field=value`, `field==value` or `field!=value`; a backslash escapes `\`, `,` and `=`.

/// The text is not a field selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Invalid;

/// The value that `selector` requires `field` to have, if it requires one.
pub(super) fn exact_match(selector: &str, field: &str) -> Result<Option<String>, Invalid> {
    let mut value = None;
    for term in split_terms(selector)?.iter().filter(|term| !term.is_empty()) {
        let (name, required) = parse_term(term)?;
        if let (true, Some(required)) = (name == field, required) {
            value.get_or_insert(required);
        }
    }
    Ok(value)
}

/// Splits at commas that no backslash escapes.
fn split_terms(selector: &str) -> Result<Vec<String>, Invalid> {
    let mut terms = vec![String::new()];
    let mut chars = selector.chars();
    while let Some(char) = chars.next() {
        match (char, terms.last_mut()) {
            (',', _) => terms.push(String::new()),
            ('\\', Some(term)) => term.extend(['\\', chars.next().ok_or(Invalid)?]),
            (char, Some(term)) => term.push(char),
            (_, None) => return Err(Invalid),
        }
    }
    Ok(terms)
}

/// The field of a term, and its value unless the term excludes one.
fn parse_term(term: &str) -> Result<(&str, Option<String>), Invalid> {
    let at = term.find('=').ok_or(Invalid)?;
    let (left, right) = (term.get(..at).ok_or(Invalid)?, term.get(at + 1..).ok_or(Invalid)?);
    if let Some(field) = left.strip_suffix('!') {
        unescape(right)?;
        return Ok((field, None));
    }
    let value = right.strip_prefix('=').unwrap_or(right);
    Ok((left, Some(unescape(value)?)))
}

fn unescape(value: &str) -> Result<String, Invalid> {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some(escaped @ ('\\' | ',' | '=')) => text.push(escaped),
                _ => return Err(Invalid),
            },
            '=' => return Err(Invalid),
            char => text.push(char),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_an_equality_pins_a_field() {
        for (selector, value) in [
            ("", Ok(None)),
            ("metadata.name=db", Ok(Some("db"))),
            ("metadata.name==db", Ok(Some("db"))),
            ("metadata.name!=db", Ok(None)),
            ("status.phase=Running,metadata.name=db", Ok(Some("db"))),
            ("metadata.namespace=db", Ok(None)),
            ("metadata.name=a\\,b", Ok(Some("a,b"))),
            ("metadata.name=", Ok(Some(""))),
            ("metadata.name", Err(Invalid)),
            ("metadata.name=a=b", Err(Invalid)),
            ("metadata.name=a\\", Err(Invalid)),
            ("metadata.name=a\\b", Err(Invalid)),
        ] {
            let value = value.map(|value: Option<&str>| value.map(str::to_owned));
            assert_eq!(exact_match(selector, "metadata.name"), value, "{selector}");
        }
    }
    fn escape(value: &str) -> String {
        value.replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=")
    }

    proptest! {
        /// However a value is written, it is the value that is read.
        #[test]
        fn an_escaped_value_reads_back_as_itself(
            value in "[ -~]{0,12}", other in "[ -~]{0,12}", equals in "==?", first: bool,
        ) {
            let ours = format!("metadata.name{equals}{}", escape(&value));
            let theirs = format!("spec.nodeName!={}", escape(&other));
            let selector = if first { [ours, theirs] } else { [theirs, ours] }.join(",");
            prop_assert_eq!(exact_match(&selector, "metadata.name"), Ok(Some(value)));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(metadata\\.name|[=!,\\\\ ]|\\PC){0,24}") {
            let _ = exact_match(&text, "metadata.name");
        }
    }
}
