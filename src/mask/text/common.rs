//! Which values are left alone because masking them would hide nothing and ruin the text.
//!
//! A Secret often holds, beside the password, the name of a database, a port, a `true`. Those say
//! nothing that is not known anyway, and stand in every second line of a log. Everything left out
//! here is listed in `docs/masking.md`.

/// Shorter values are left alone: there are too few of them, and too many places where they stand
/// by chance. The matcher relies on it, too.
pub(super) const MIN_VALUE_BYTES: usize = 6;
/// Shorter numbers are left alone: ports, user ids, sizes, dates.
const MIN_NUMBER_BYTES: usize = 8;

/// Sorted. Words that people put in Secrets and that programs write in logs, in lower case.
const WORDS: [&str; 74] = [
    "0.0.0.0",
    "127.0.0.1",
    "admin@example.com",
    "administrator",
    "anonymous",
    "application",
    "application/json",
    "backend",
    "certificate",
    "client",
    "cluster",
    "cluster.local",
    "config",
    "configmap",
    "connection",
    "container",
    "credentials",
    "database",
    "default",
    "deployment",
    "development",
    "disabled",
    "docker.io",
    "elastic",
    "elasticsearch",
    "enabled",
    "example.com",
    "frontend",
    "ghcr.io",
    "github.com",
    "http://localhost",
    "https://kubernetes.default.svc",
    "ingress",
    "internal",
    "kube-public",
    "kube-system",
    "kubernetes",
    "kubernetes.default.svc",
    "kubernetes.io",
    "localhost",
    "mariadb",
    "master",
    "memcached",
    "metadata",
    "mongodb",
    "namespace",
    "opaque",
    "password",
    "postgres",
    "postgresql",
    "primary",
    "private",
    "prod-db",
    "production",
    "public",
    "quay.io",
    "rabbitmq",
    "redis-master",
    "registry",
    "registry.k8s.io",
    "replica",
    "secret",
    "secrets",
    "server",
    "service",
    "serviceaccount",
    "staging",
    "standard",
    "status",
    "storage",
    "string",
    "testing",
    "username",
    "warning",
];

/// Whether a value, without the white space around it, is too short or too common to be looked for.
pub(super) fn is_too_common(value: &[u8]) -> bool {
    let (Some(first), length) = (value.first(), value.len()) else { return true };
    length < MIN_VALUE_BYTES
        || (length < MIN_NUMBER_BYTES && value.iter().all(u8::is_ascii_digit))
        || value.iter().all(|byte| byte == first)
        || str::from_utf8(value).is_ok_and(is_word)
}

fn is_word(value: &str) -> bool {
    WORDS.binary_search(&value.to_ascii_lowercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted() {
        assert!(WORDS.is_sorted());
    }

    #[test]
    fn what_is_common_is_left_alone_and_what_is_rare_is_not() {
        for common in ["", "abcde", "true", "1234567", "******", "LOCALHOST", "default"] {
            assert!(is_too_common(common.as_bytes()), "{common}");
        }
        for rare in ["abcdef", "12345678", "hunter2", "defaults!", "\u{fc}\u{fc}\u{fc}x"] {
            assert!(!is_too_common(rare.as_bytes()), "{rare}");
        }
    }
}
