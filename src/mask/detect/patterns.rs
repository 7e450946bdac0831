//! The patterns of the built-in detectors. Nearly all of them are about ASCII, and faster that way.

/// Never ended, it goes on to the end of the text, whatever bytes are in it.
pub(super) const PRIVATE_KEY: &[&str] = &[
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s-u:.)*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)",
    r"(?-u)\bAGE-SECRET-KEY-1[0-9A-Z]{58}",
];

/// Signed (three parts) and encrypted (five).
pub(super) const JWT: &[&str] =
    &[r"(?-u)\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]+){0,2}"];

pub(super) const CLOUD_KEY: &[&str] = &[
    r"(?-u)\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    r#"(?-u)(?:secret_?access_?key|[Ss]ecretAccessKey|SECRET_?ACCESS_?KEY)\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?(?<secret>[A-Za-z0-9/+]{40})"#,
    r#"(?-u)(?:aws_?session_?token|[Ss]essionToken|AWS_?SESSION_?TOKEN)\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?(?<secret>[A-Za-z0-9/+=]{64,})"#,
    r"(?-u)\bAIza[A-Za-z0-9_-]{35}",
    r"(?-u)\bGOCSPX-[A-Za-z0-9_-]{20,}",
    r"(?-u)\bya29\.[A-Za-z0-9_-]{20,}",
    r"(?-u)\b(?:[Aa]ccountKey|accountkey|[Ss]haredAccessKey|sharedaccesskey)=(?<secret>[A-Za-z0-9+/]{30,}={0,2})",
    r"(?-u)[?&]sig=(?<secret>[A-Za-z0-9%+/=]{30,})",
];

pub(super) const VENDOR_TOKEN: &[&str] = &[
    // GitHub, GitLab
    r"(?-u)\bgh[oprsu]_[A-Za-z0-9]{36,255}",
    r"(?-u)\bgithub_pat_[A-Za-z0-9_]{22,255}",
    r"(?-u)\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat)-[A-Za-z0-9_-]{20,}",
    // Slack
    r"(?-u)\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"(?-u)\bxapp-[0-9]-[A-Za-z0-9-]{10,}",
    r"(?-u)hooks\.slack\.com/services/(?<secret>T[A-Za-z0-9_]+/B[A-Za-z0-9_]+/[A-Za-z0-9_]+)",
    // Stripe
    r"(?-u)\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}",
    r"(?-u)\bwhsec_[A-Za-z0-9+/=]{24,}",
    // npm, PyPI, Docker Hub
    r"(?-u)\bnpm_[A-Za-z0-9]{36}\b",
    r"(?-u)\bpypi-[A-Za-z0-9_-]{50,}",
    r"(?-u)\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}",
    // HashiCorp
    r"(?-u)\bhv[brs]\.[A-Za-z0-9_-]{20,}",
    r"(?-u)\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}",
    // Anthropic, OpenAI, Hugging Face
    r"(?-u)\bsk-(?:ant|proj|svcacct|admin)-[A-Za-z0-9_-]{20,}",
    r"(?-u)\bsk-[A-Za-z0-9]{32,}\b",
    r"(?-u)\bhf_[A-Za-z0-9]{30,}\b",
    // SendGrid, Telegram
    r"(?-u)\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    r"(?-u)\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b",
    // DigitalOcean, Databricks, Shopify, Grafana, New Relic, Sentry, Postman, Doppler
    r"(?-u)\bdo[opr]_v1_[a-f0-9]{64}",
    r"(?-u)\bdapi[a-f0-9]{32}\b",
    r"(?-u)\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    r"(?-u)\bgl(?:sa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|c_[A-Za-z0-9+/]{32,}={0,2})",
    r"(?-u)\bNRAK-[A-Z0-9]{27}",
    r"(?-u)\bsntry[su]_[A-Za-z0-9+/=_-]{40,}",
    r"(?-u)\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}",
    r"(?-u)\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,}",
];

/// Up to the last `@` before the path, since people forget to escape theirs.
pub(super) const URL_PASSWORD: &[&str] = &[
    r#"(?-u)\b[A-Za-z][A-Za-z0-9+.-]{1,20}://(?u:[^\s:/?#@"'<>\\]{0,256}):(?<secret>(?u:[^\s/?#"'<>\\]{1,256}))@[A-Za-z0-9\[]"#,
];

pub(super) const BEARER: &[&str] = &[
    r#"(?-u)\b(?:[Aa]uthorization|AUTHORIZATION)\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?(?:[Bb]earer|[Bb]asic|[Tt]oken|BEARER|BASIC|TOKEN)\s{1,4}(?<secret>[A-Za-z0-9._~+/=-]{6,})"#,
    r"(?-u)\b(?:[Bb]earer|BEARER)\s{1,4}(?<secret>[A-Za-z0-9._~+/=-]{20,})",
    r#"(?-u)\b(?:[Xx]-[Aa]pi-[Kk]ey|[Xx]-[Aa]uth-[Tt]oken|[Xx]-[Vv]ault-[Tt]oken|[Pp]rivate-[Tt]oken|X-API-KEY|X-AUTH-TOKEN|X-VAULT-TOKEN|PRIVATE-TOKEN)\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?(?<secret>(?u:[^\s"'\\,;]{6,}))"#,
];

/// What every match of a pattern above has in it, but for those of [`URL_PASSWORD`]: where none of it is,
/// nothing is found.
pub(super) const LITERALS: &[&str] = &[
    "PRIVATE KEY",
    "AGE-SECRET-KEY-",
    "eyJ",
    "AKIA",
    "ASIA",
    "AIza",
    "GOCSPX-",
    "ya29.",
    "sig=",
    "access_key",
    "accesskey",
    "access_key",
    "AccessKey",
    "ACCESS_KEY",
    "ACCESSKEY",
    "session_token",
    "sessiontoken",
    "SessionToken",
    "essionToken",
    "SESSION_TOKEN",
    "SESSIONTOKEN",
    "ccountKey",
    "accountkey",
    "ghp_",
    "gho_",
    "ghr_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "glrt-",
    "glcbt-",
    "glptt-",
    "glft-",
    "glimt-",
    "glagent-",
    "glsoat-",
    "glsa_",
    "glc_",
    "xox",
    "xapp-",
    "hooks.slack.com",
    "_live_",
    "_test_",
    "whsec_",
    "npm_",
    "pypi-",
    "dckr_",
    "hvb.",
    "hvr.",
    "hvs.",
    ".atlasv1.",
    "sk-",
    "hf_",
    "SG.",
    ":AA",
    "_v1_",
    "dapi",
    "shp",
    "NRAK-",
    "sntry",
    "PMAK-",
    "dp.",
    "uthorization",
    "UTHORIZATION",
    "earer",
    "EARER",
    "pi-key",
    "pi-Key",
    "PI-KEY",
    "uth-token",
    "uth-Token",
    "UTH-TOKEN",
    "ault-token",
    "ault-Token",
    "AULT-TOKEN",
    "ivate-token",
    "ivate-Token",
    "IVATE-TOKEN",
];
