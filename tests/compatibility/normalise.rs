//! Takes out of an output what differs between two runs of the same command.

use std::sync::LazyLock;

use regex::Regex;

/// What to look for, and what to put in its place; in this order.
const RULES: &[(&str, &str)] = &[
    // A kubeconfig's server, and a forwarded or proxied port.
    (r"https://[A-Za-z0-9.\-]+(:\d+)?(/clusters/test)?", "https://SERVER"),
    (r"\b127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"\[::1\]:\d+", "[::1]:PORT"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"\b[0-9a-f]{64}\b", "CONTAINER"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| ?[+-]\d\d:?\d\d)", "TIME"),
    (r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "TIME"),
    // Kubernetes' random suffixes have no vowels.
    (r"-[0-9a-f]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b", "-HASH-RANDOM"),
    (
        r"\b(api|job|cron|counter|run|kube-api-access)-[bcdfghjklmnpqrstvwxz2456789]{5}\b",
        "$1-RANDOM",
    ),
    (r"\b(api|counter)-[0-9a-f]{6,10}\b", "$1-HASH"),
    (r"pod-template-hash([:=]) ?[0-9a-f]{6,10}", "pod-template-hash$1 HASH"),
    (r#"("?resourceVersion"?): ?"\d+""#, r#"$1: "VERSION""#),
    (r"\b10\.9[89]\.\d+\.\d+\b", "ADDRESS"),
    (r"/tmp/(LIVE|MERGED)-\d+", "/tmp/$1"),
    (r"\b(\d+[smhd]){1,2}\b", "AGE"),
    // Columns are as wide as their widest cell.
    (r" +", " "),
    (r" +\n", "\n"),
];

/// The text without times, ages, random names and all that; `namespace` becomes `NAMESPACE`.
pub(super) fn normalise(text: &str, namespace: &str) -> String {
    static COMPILED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        RULES.iter().map(|(pattern, with)| (Regex::new(pattern).unwrap(), *with)).collect()
    });
    let text = text.replace(namespace, "NAMESPACE");
    COMPILED.iter().fold(text, |text, (pattern, with)| pattern.replace_all(&text, *with).into())
}

#[test]
fn only_what_differs_between_runs_is_taken_out() {
    for (text, normal) in [
        ("web   1/1  Running   0   12m\n", "web 1/1 Running 0 AGE\n"),
        ("api-6d4b75cb6d-hx7kz t-1", "api-HASH-RANDOM NAMESPACE"),
        ("replicas: 3", "replicas: 3"),
        ("  resourceVersion: \"4711\"", " resourceVersion: \"VERSION\""),
        ("at 2025-01-02T03:04:05Z", "at TIME"),
        ("Error from server (NotFound)", "Error from server (NotFound)"),
    ] {
        assert_eq!(normalise(text, "t-1"), normal);
    }
}
