//! Which names may be impersonated. A header carries them to the API server, which takes an empty
//! user for no impersonation at all (the request then runs as the gateway) and trusts `system:`
//! names blindly; approvers decide by what they see of them.

use kguard::hidden::is_hidden;

/// The longest user or group name, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// The names that Kubernetes gives a meaning of its own.
pub(super) const SYSTEM_PREFIX: &str = "system:";

/// The names as whom kguard itself reads.
const OWN_PREFIX: &str = "kguard:";

/// Why a name is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A character that no terminal or header shows as it is, or that an encoding could hide.
    #[error("a name contains a control, an invisible or a percent character")]
    Character,
    /// Nothing, or nothing but its prefix.
    #[error("a name is empty")]
    Empty,
    /// Not a service account's name.
    #[error("the subject is not `system:serviceaccount:NAMESPACE:NAME`")]
    ServiceAccount,
    /// Space around a name, which some hops strip and others keep.
    #[error("a name begins or ends with space")]
    Space,
    /// A name of kguard's own, as whom it reads for itself.
    #[error("names that begin with `kguard:` are reserved for kguard")]
    Own,
    /// A name reserved by Kubernetes.
    #[error("names that begin with `system:` are reserved for Kubernetes")]
    System,
    /// A very long name.
    #[error("a name is longer than {MAX_NAME_BYTES} bytes")]
    TooLong,
    /// Very many groups; dropping some could drop the one that a policy denies.
    #[error("the caller is in more than {0} groups")]
    TooManyGroups(usize),
}

/// A name as the issuer gave it with the issuer's prefix before it, if it may be impersonated.
pub(super) fn prefixed(prefix: &str, name: &str) -> Result<String, NameError> {
    check_text(name)?;
    let name = format!("{prefix}{name}");
    check_text(&name)?;
    if name.starts_with(OWN_PREFIX) { Err(NameError::Own) } else { Ok(name) }
}

/// Like [`prefixed`], and not one of Kubernetes' own names.
pub(super) fn ordinary(prefix: &str, name: &str) -> Result<String, NameError> {
    let name = prefixed(prefix, name)?;
    if name.starts_with(SYSTEM_PREFIX) { Err(NameError::System) } else { Ok(name) }
}

/// The namespace of `system:serviceaccount:NAMESPACE:NAME`.
pub(super) fn service_account_namespace(subject: &str) -> Result<&str, NameError> {
    check_text(subject)?;
    let (namespace, name) = subject
        .strip_prefix("system:serviceaccount:")
        .and_then(|rest| rest.split_once(':'))
        .ok_or(NameError::ServiceAccount)?;
    let label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let valid = !namespace.is_empty()
        && namespace.chars().all(label)
        && !name.is_empty()
        && name.chars().all(|c| label(c) || c == '.');
    if valid { Ok(namespace) } else { Err(NameError::ServiceAccount) }
}

fn check_text(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        Err(NameError::Empty)
    } else if name.len() > MAX_NAME_BYTES {
        Err(NameError::TooLong)
    } else if name.chars().any(deceptive) {
        Err(NameError::Character)
    } else if name.trim() != name {
        Err(NameError::Space)
    } else {
        Ok(())
    }
}

/// Whether a character can make a name look like another one, or travel as another one.
fn deceptive(c: char) -> bool {
    c == '%' || is_hidden(c) || (c.is_whitespace() && c != ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_deceive_the_api_server_or_an_approver_are_refused() {
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        for (name, error) in [
            ("", NameError::Empty),
            (" ", NameError::Space),
            (" alice", NameError::Space),
            ("alice ", NameError::Space),
            ("al\nice", NameError::Character),
            ("alice\0", NameError::Character),
            ("al\u{a0}ice", NameError::Character),
            ("al\u{202e}ice", NameError::Character),
            ("al%69ce", NameError::Character),
            ("system:admin", NameError::System),
            ("system:", NameError::System),
            ("kguard:masking", NameError::Own),
            (long.as_str(), NameError::TooLong),
        ] {
            assert_eq!(ordinary("", name), Err(error), "{name:?}");
        }
        for name in ["alice", "alice smith", "alice@example.com", "élodie", "systems:x"] {
            assert_eq!(ordinary("", name).as_deref(), Ok(name));
        }
    }

    #[test]
    fn a_prefix_neither_fills_an_empty_name_nor_completes_a_reserved_one() {
        assert_eq!(ordinary("oidc:", ""), Err(NameError::Empty));
        assert_eq!(ordinary("oidc:", " a"), Err(NameError::Space));
        assert_eq!(ordinary("sys", "tem:masters"), Err(NameError::System));
        assert_eq!(ordinary("oidc:", &"x".repeat(MAX_NAME_BYTES)), Err(NameError::TooLong));
        assert_eq!(ordinary("oidc:", "system:masters").unwrap(), "oidc:system:masters");
    }

    #[test]
    fn only_whole_service_account_names_are_taken_for_service_accounts() {
        assert_eq!(service_account_namespace("system:serviceaccount:ci:bot-1.x"), Ok("ci"));
        for subject in [
            "system:serviceaccount:ci:",
            "system:serviceaccount::bot",
            "system:serviceaccount:ci:bot:more",
            "system:serviceaccount:CI:bot",
            "system:serviceaccount:ci",
            "system:serviceaccounts:ci:bot",
            "system:masters",
            "alice",
        ] {
            assert_eq!(service_account_namespace(subject), Err(NameError::ServiceAccount));
        }
    }
}
