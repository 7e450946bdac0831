//! What stands in a URL where the password goes, and is none: it says where the password comes from, or
//! that it is left out. Hidden, it could not be edited, and nobody would see what is wrong with it.
//!
//! `<password>` is none for the detector anyway, as the brackets cannot be in a URL.

/// Whether a text as a whole is such a thing.
pub(super) fn stands_in(text: &[u8]) -> bool {
    let Some((first, rest)) = text.split_first() else { return false };
    match first {
        b'*' => rest.iter().all(|byte| *byte == b'*'),
        b'{' => within(text, "{{", "}}").is_some_and(|inner| !inner.contains(&b'}')),
        b'$' => {
            let braced = within(text, "${", "}").or_else(|| within(text, "$(", ")"));
            // Without brackets around it, a password may well look like one.
            braced.is_some_and(|name| is_variable(name, is_of_name))
                || is_variable(rest, is_of_plain_name)
        }
        _ => false,
    }
}

fn within<'t>(text: &'t [u8], open: &str, close: &str) -> Option<&'t [u8]> {
    text.strip_prefix(open.as_bytes())?.strip_suffix(close.as_bytes())
}

fn is_variable(name: &[u8], of: impl Fn(u8) -> bool) -> bool {
    let begins = name.first().is_some_and(|byte| !byte.is_ascii_digit());
    begins && name.iter().all(|byte| of(*byte))
}

/// What Kubernetes allows in the name of a variable (`IsEnvVarName`).
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)
}

/// As nearly all variables are named.
fn is_of_plain_name(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::detect::{BuiltIn, DetectorSpec, Detectors};

    #[test]
    fn what_says_where_a_password_comes_from_is_none() {
        let detectors = Detectors::compile(&[DetectorSpec::BuiltIn(BuiltIn::UrlPassword)]).unwrap();
        let finds = |password: &str| {
            !detectors.find(format!("db://u:{password}@h/x").as_bytes()).is_empty()
        };
        for stand_in in [
            "$(PW)",
            "${PW}",
            "$PW",
            "$DB_PASSWORD2",
            "$(db.pw-1)",
            "${pw}",
            "*",
            "****",
            "{{.Values.db.password}}",
            "<password>",
            "{{ .Values.pw }}",
        ] {
            assert!(!finds(stand_in), "{stand_in}");
        }
        for password in [
            "$ecret",
            "$1",
            "$",
            "$()",
            "${}",
            "${PW:-hunter2}",
            "$PWx",
            "$A.B-C",
            "$(PW)x",
            "x$(PW)",
            "**x*",
            "{{a}}b}}",
            "{{a}",
            "{{a}}x",
            "$(PW)@h,u:hunter2",
        ] {
            assert!(finds(password), "{password}");
        }
        assert!(!stands_in(b""));
    }
}
