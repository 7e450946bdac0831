use proptest::prelude::*;

use super::*;

fn all() -> Detectors {
    Detectors::compile(&BuiltIn::ALL.map(DetectorSpec::BuiltIn)).unwrap()
}

/// What is left of a text with everything that was found replaced.
fn masked(detectors: &Detectors, text: &str) -> String {
    let mut masked = text.to_owned();
    for found in detectors.find(text.as_bytes()).into_iter().rev() {
        masked.replace_range(found.range, &format!("<{}>", found.detector));
    }
    masked
}

/// Put together at run time, so that no scanner takes this file for a leak.
fn made(prefix: &str, of: &str, length: usize) -> String {
    format!("{prefix}{}", of.repeat(length.div_ceil(of.len())).get(..length).unwrap())
}

#[test]
fn secrets_that_say_what_they_are_are_found() {
    let jwt = format!(
        "{}.{}.{}",
        made("eyJ", "hbGciOi", 20),
        made("eyJ", "zdWIiO", 30),
        made("", "sig_-", 43)
    );
    let sas = made("", "aB3%2F", 44);
    for (text, left) in [
        (format!("token={jwt} end"), "token=<jwt> end".to_owned()),
        (made("id AKIA", "ABCDEFGH2345", 16), "id <cloud-key>".into()),
        (
            made("aws_secret_access_key = ", "aB3/", 40),
            "aws_secret_access_key = <cloud-key>".into(),
        ),
        (
            made(r#"{"SecretAccessKey": ""#, "aB3/", 40) + "\"",
            r#"{"SecretAccessKey": "<cloud-key>""#.into(),
        ),
        (made("key=AIza", "aB3_-", 35), "key=<cloud-key>".into()),
        (
            made("AccountName=x;AccountKey=", "aB3/", 86) + "==;E=1",
            "AccountName=x;AccountKey=<cloud-key>;E=1".into(),
        ),
        (
            format!("https://x.blob/y?sv=1&sig={sas}"),
            "https://x.blob/y?sv=1&sig=<cloud-key>".into(),
        ),
        (made("ghp_", "aB3", 36), "<vendor-token>".into()),
        (made("github_pat_", "aB3_", 82), "<vendor-token>".into()),
        (made("glpat-", "aB3-", 20), "<vendor-token>".into()),
        (made("xoxb-", "12-ab", 40), "<vendor-token>".into()),
        (made("sk_live_", "aB3", 24), "<vendor-token>".into()),
        (made("npm_", "aB3", 36), "<vendor-token>".into()),
        (made("hvs.", "aB3_", 90), "<vendor-token>".into()),
        (made("sk-ant-", "api03-aB3_", 90), "<vendor-token>".into()),
        (made("SG.", "aB3_", 22) + &made(".", "aB3_", 43), "<vendor-token>".into()),
        (made("123456789:AA", "aB3_x", 33), "<vendor-token>".into()),
        (
            "postgres://app:hunter2@db:5432/x".into(),
            "postgres://app:<url-password>@db:5432/x".into(),
        ),
        ("redis://:p@ss:word@[::1]/0".into(), "redis://:<url-password>@[::1]/0".into()),
        ("Authorization: Bearer abcdef123".into(), "Authorization: Bearer <bearer>".into()),
        (
            r#"{"authorization":"Basic dXNlcjpwYXNz"}"#.into(),
            r#"{"authorization":"Basic <bearer>"}"#.into(),
        ),
        ("X-Vault-Token: s.abcdef".into(), "X-Vault-Token: <bearer>".into()),
    ] {
        assert_eq!(masked(&all(), &text), left, "{text}");
    }
}

#[test]
fn private_keys_are_found_to_their_end_or_that_of_the_text() {
    let begin = |kind: &str| format!("-----BEGIN {kind}PRIVATE KEY-----");
    let end = |kind: &str| format!("-----END {kind}PRIVATE KEY-----");
    for kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "] {
        let key = format!("{}\nMIIE\nabc=\n{}", begin(kind), end(kind));
        assert_eq!(masked(&all(), &format!("a\n{key}\nb")), "a\n<private-key>\nb");
        let escaped = key.replace('\n', "\\n");
        assert_eq!(masked(&all(), &format!("{{\"k\":\"{escaped}\"}}")), r#"{"k":"<private-key>"}"#);
    }
    assert_eq!(masked(&all(), &format!("a {} MIIE", begin("RSA "))), "a <private-key>");
    let mut broken = format!("{}\nabc\n-----END PR", begin("")).into_bytes();
    broken.extend(b"\xc0VATE KEY-----\n");
    assert_eq!(
        all().find(&broken)[0].range,
        0..broken.len(),
        "bytes that are no text hide nothing"
    );
    let pgp = "-----BEGIN PGP PRIVATE KEY BLOCK-----\nx\n-----END PGP PRIVATE KEY BLOCK-----";
    assert_eq!(masked(&all(), pgp), "<private-key>");
}

#[test]
fn what_only_looks_random_is_left_alone() {
    for honest in [
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "registry.k8s.io/pause@sha256:7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097",
        "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMIIBszCCAVmgAwIBAgIU\n-----END PUBLIC KEY-----",
        "H4sIAAAAAAAAA6tWSk4sSlWyUlAqLU4tUtJRUEpJLElVsjI0MjYBADdWFQ8hAAAA",
        "https://user@example.com/path http://example.com:8080/a@b mailto:a@b.c",
        "http://example.com:8080?x=y@z",
        "2026-11-25T10:00:00Z level=info msg=\"listening\" addr=:8080 task-abcdefghijklmnop",
        "the bearer of this letter",
        "authorization: webhook",
        "secretName: db-credentials",
        "cert-manager.io/inject-ca-from: shop/ca",
        "eyJ short",
        "disk-usage-of-something-very-long-indeed-here",
        "glide-path-of-a-plane-that-lands-somewhere",
        "SKIP",
        "skip-verification-of-the-certificates-of-all",
    ] {
        assert_eq!(masked(&all(), honest), honest);
    }
}

#[test]
fn detectors_of_ones_own_are_checked_and_may_narrow_down() {
    let named = |regex: &str| {
        let name = "order".to_owned();
        Detectors::compile(&[DetectorSpec::Named { name, regex: regex.to_owned() }])
    };
    let orders = named("ORD-[0-9]{4}").unwrap();
    assert_eq!(masked(&orders, "ORD-1234, ORD-12, ORD-5678ü"), "<order>, ORD-12, <order>ü");
    let narrowed = named("password=(?<secret>[a-z]+)").unwrap();
    assert_eq!(masked(&narrowed, "password=abc password=d"), "password=<order> password=<order>");
    assert!(matches!(named("("), Err(DetectorError::Invalid { .. })));
    assert!(matches!(named("a*"), Err(DetectorError::Empty { .. })));
    assert!(matches!(named(r"(?:\w{1000}){1000}"), Err(DetectorError::Invalid { .. })));
}

#[test]
fn several_secrets_in_one_match_are_all_found() {
    let token = made("ghp_", "aB3", 36);
    let text = format!("https://a:b@h https://c:{token}@h");
    assert_eq!(masked(&all(), &text), "https://a:<url-password>@h https://c:<url-password>@h");
    assert_eq!(masked(&all(), ""), "");
    assert!(Detectors::compile(&[]).unwrap().is_empty());
}

#[test]
fn names_are_unique_and_known() {
    for built_in in BuiltIn::ALL {
        assert_eq!(built_in.name().parse(), Ok(built_in));
    }
    assert_eq!("jwts".parse::<BuiltIn>(), Err(UnknownDetector));
}

proptest! {
    /// Whatever a pattern matches has one of the literals in it.
    #[test]
    fn a_glance_misses_nothing_that_is_found(
        texts in BuiltIn::ALL
            .iter()
            .flat_map(|built_in| built_in.patterns())
            .map(|pattern| proptest::string::string_regex(&generating(pattern)).unwrap())
            .collect::<Vec<_>>(),
    ) {
        for text in texts {
            prop_assert!(prefilter::may_find(text.as_bytes()), "{text:?}");
        }
    }
}

/// A pattern without what only looks around, with few of what may be long.
fn generating(pattern: &str) -> String {
    let plain = ["(?s-u)", "(?s)", "(?-u)", r"\b", r"\z|", r"|\z"];
    let pattern = plain.iter().fold(pattern.to_owned(), |text, flag| text.replace(flag, ""));
    let named = pattern.replace("(?<secret>", "(?:").replace("(?u:", "(?:");
    let any = named
        .replace("(?s-u:.)*?", "[a-z]{0,9}")
        .replace(r"[^\s", r"[^\x00-\x20")
        .replace(r"\s", " ");
    any.replace("{64,}", "{64}").replace("{0,256}", "{0,9}").replace("{1,256}", "{1,9}")
}
