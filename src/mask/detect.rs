//! Detectors: secrets that are told by how they look, wherever they stand.
//!
//! The built-in ones know secrets that say what they are: by a prefix that their vendor chose for
//! that purpose, or by what stands around them. What looks just random (a hash, a UUID, an image's
//! digest) is left alone. All patterns run at once, in linear time.

mod patterns;
mod prefilter;
mod stand_in;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use regex_automata::Input;
use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;

/// How large the patterns of one mask may become, compiled; each of a user's own.
const SIZE_LIMIT_BYTES: usize = 16 << 20;
/// The group of a pattern that is masked, if the rest of what it matches may be read.
const SECRET: &str = "secret";

/// A detector that comes with kguard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuiltIn {
    /// What follows `Authorization: Bearer`, and headers like it.
    Bearer,
    /// Keys of AWS, Google Cloud and Azure.
    CloudKey,
    /// JSON Web Tokens.
    Jwt,
    /// Private keys in PEM.
    PrivateKey,
    /// Passwords in URLs.
    UrlPassword,
    /// Tokens of GitHub, GitLab, Slack, Stripe, npm and others.
    VendorToken,
}

impl BuiltIn {
    /// All of them, by name.
    pub const ALL: [Self; 6] = [
        Self::Bearer,
        Self::CloudKey,
        Self::Jwt,
        Self::PrivateKey,
        Self::UrlPassword,
        Self::VendorToken,
    ];

    /// The name in mask documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::CloudKey => "cloud-key",
            Self::Jwt => "jwt",
            Self::PrivateKey => "private-key",
            Self::UrlPassword => "url-password",
            Self::VendorToken => "vendor-token",
        }
    }

    fn patterns(self) -> &'static [&'static str] {
        match self {
            Self::Bearer => patterns::BEARER,
            Self::CloudKey => patterns::CLOUD_KEY,
            Self::Jwt => patterns::JWT,
            Self::PrivateKey => patterns::PRIVATE_KEY,
            Self::UrlPassword => patterns::URL_PASSWORD,
            Self::VendorToken => patterns::VENDOR_TOKEN,
        }
    }
}

/// No detector has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no detector has this name")]
pub struct UnknownDetector;

impl FromStr for BuiltIn {
    type Err = UnknownDetector;

    fn from_str(name: &str) -> Result<Self, UnknownDetector> {
        Self::ALL.into_iter().find(|built_in| built_in.name() == name).ok_or(UnknownDetector)
    }
}

/// One detector of a mask document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DetectorSpec {
    /// One that comes with kguard.
    BuiltIn(BuiltIn),
    /// One of the document's own.
    Named {
        /// What stands in the report and, in text, in the place of what it finds.
        name: String,
        /// A regular expression (of the crate `regex`); a group `secret` narrows down what is
        /// masked.
        regex: String,
    },
}

/// Why a regular expression cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DetectorError {
    /// It finds nothing everywhere.
    #[error("the regular expression of `{name}` matches the empty text, so it would mask nothing")]
    Empty {
        /// The detector.
        name: String,
    },
    /// It is none, or too big.
    #[error("the regular expression of `{name}` cannot be used: {why}")]
    Invalid {
        /// The detector.
        name: String,
        /// Why.
        why: String,
    },
}

/// Detectors, compiled.
#[derive(Clone, Default)]
pub struct Detectors(Option<Arc<Compiled>>);

struct Compiled {
    regex: Regex,
    /// The detector that each pattern belongs to.
    names: Vec<Arc<str>>,
    secrets: Vec<Option<usize>>,
    /// Whether all are built in, so that a glance at a text may tell that nothing is in it.
    has_prefilter: bool,
}

/// Something that a detector found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where, in bytes.
    pub range: Range<usize>,
    /// What found it.
    pub detector: Arc<str>,
}

impl Detectors {
    /// Compiles them. Of what several find in the same place, the first counts.
    pub fn compile(specs: &[DetectorSpec]) -> Result<Self, DetectorError> {
        let (mut patterns, mut names) = (Vec::new(), Vec::new());
        for spec in specs {
            match spec {
                DetectorSpec::BuiltIn(built_in) => {
                    patterns.extend(built_in.patterns().iter().map(|of| (*of).to_owned()));
                    let name: Arc<str> = built_in.name().into();
                    names.resize(patterns.len(), name);
                }
                DetectorSpec::Named { name, regex } => {
                    check(name, regex)?;
                    patterns.push(regex.clone());
                    names.push(name.as_str().into());
                }
            }
        }
        if patterns.is_empty() {
            return Ok(Self(None));
        }
        let regex = build(&patterns, false).map_err(|why| {
            let name = specs.last().map(DetectorSpec::name).unwrap_or_default().to_owned();
            DetectorError::Invalid { name, why }
        })?;
        let groups = regex.group_info();
        let secrets = (0..patterns.len()).map(|index| {
            let pattern = regex_automata::PatternID::new(index).ok()?;
            groups.to_index(pattern, SECRET)
        });
        let secrets = secrets.collect();
        let has_prefilter = specs.iter().all(|spec| matches!(spec, DetectorSpec::BuiltIn(_)));
        Ok(Self(Some(Arc::new(Compiled { regex, names, secrets, has_prefilter }))))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Their names, each once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.0.iter().flat_map(|compiled| &compiled.names).map(AsRef::as_ref);
        let mut last = None;
        names.filter(move |name| last.replace(*name) != Some(*name))
    }

    /// Everything that they find, in the order of the text, nothing twice.
    pub fn find(&self, text: &[u8]) -> Vec<Found> {
        let Some(compiled) = &self.0 else { return Vec::new() };
        if !compiled.may_find(text) || !compiled.regex.is_match(text) {
            return Vec::new();
        }
        compiled.find(text)
    }

    /// Whether they may find anything in the strings of a JSON text, or in JSON within these. What is
    /// base64 in it is not looked into.
    pub fn may_find_in_json(&self, text: &[u8]) -> bool {
        self.0.as_ref().is_some_and(|compiled| {
            compiled.may_find(text) || compiled.has_prefilter && !prefilter::is_plain(text)
        })
    }
}

impl fmt::Debug for Detectors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().flat_map(|compiled| &compiled.names);
        formatter.debug_set().entries(names).finish()
    }
}

impl Compiled {
    fn may_find(&self, text: &[u8]) -> bool {
        !self.has_prefilter || prefilter::may_find(text)
    }

    fn find(&self, text: &[u8]) -> Vec<Found> {
        let mut captures = self.regex.create_captures();
        let (mut found, mut at) = (Vec::<Found>::new(), 0);
        while at <= text.len() {
            self.regex.captures(Input::new(text).range(at..), &mut captures);
            let Some((range, pattern)) = self.secret(&captures) else { break };
            // A match may hold more than one secret: what follows the one is looked at again.
            at = range.end.max(at + 1);
            let detector = self.names.get(pattern).cloned().unwrap_or_else(|| "".into());
            let secret = text.get(range.clone()).unwrap_or_default();
            let is_url = *detector == *BuiltIn::UrlPassword.name();
            if !(secret.is_empty() || is_url && stand_in::stands_in(secret)) {
                found.push(Found { range, detector });
            }
        }
        found
    }

    /// What a match hides, and the pattern that it is of.
    fn secret(&self, captures: &Captures) -> Option<(Range<usize>, usize)> {
        let whole = captures.get_match()?;
        let pattern = whole.pattern().as_usize();
        let group = self.secrets.get(pattern).copied().flatten();
        let span = group.and_then(|group| captures.get_group(group));
        Some((span.map_or_else(|| whole.range(), |span| span.range()), pattern))
    }
}

impl DetectorSpec {
    /// The name in the report.
    pub fn name(&self) -> &str {
        match self {
            Self::BuiltIn(built_in) => built_in.name(),
            Self::Named { name, .. } => name,
        }
    }
}

/// Of ours, some match bytes that are no text; of users', none may.
fn check(name: &str, regex: &str) -> Result<(), DetectorError> {
    let name = name.to_owned();
    match build(&[regex.to_owned()], true) {
        Err(why) => Err(DetectorError::Invalid { name, why }),
        Ok(compiled) if compiled.is_match("") => Err(DetectorError::Empty { name }),
        Ok(_) => Ok(()),
    }
}

fn build(patterns: &[String], is_text: bool) -> Result<Regex, String> {
    let config = Regex::config().nfa_size_limit(Some(SIZE_LIMIT_BYTES));
    let syntax = syntax::Config::new().utf8(is_text);
    let config = config.utf8_empty(is_text);
    let built = Regex::builder().configure(config).syntax(syntax).build_many(patterns);
    built.map_err(|error| match error.syntax_error() {
        Some(syntax) => syntax.to_string(),
        None => error.to_string(),
    })
}

#[cfg(test)]
mod tests;
