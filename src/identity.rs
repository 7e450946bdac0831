//! Who is calling: the identity that an issuer vouches for, and the patterns by which policies,
//! approver lists and access lists name callers.

use serde::{Deserialize, Deserializer, Serialize};

use crate::glob::Glob;

/// A caller whose token was verified. Built by the authenticator alone; everything else reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Caller {
    /// The user name as it is impersonated upstream, prefix included, e.g. `oidc:alice`.
    pub name: String,
    /// Groups as they are impersonated upstream, prefix included.
    pub groups: Vec<String>,
    /// The stable id of the caller at its issuer, impersonated as the uid where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Whether a person or a machine holds the token.
    pub kind: CallerKind,
    /// The URL of the issuer that vouches for all of this.
    pub issuer: String,
}

impl Caller {
    /// Whether he is the one of that name, issuer and uid. One name is one user upstream, whoever
    /// issued it; one uid is one person at an issuer, whatever he is called today.
    pub fn is_also(&self, name: &str, issuer: &str, uid: Option<&str>) -> bool {
        let same_uid = self.uid.is_some() && self.uid.as_deref() == uid;
        self.name == name || (same_uid && self.issuer == issuer)
    }
}

/// Whether a person or a machine is calling, as the issuer's configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallerKind {
    /// A human being who logged in.
    Person,
    /// A pipeline, a job, an agent: whatever runs without anybody at the keyboard.
    Workload,
}

/// Names callers: `*`, `user:NAME`, `workload:NAME` or `group:NAME`, with `*` inside as a glob.
///
/// `user:` fits people only and `workload:` fits machines only; `group:` and `*` fit both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SubjectPattern {
    /// Everybody.
    Anyone,
    /// Members of a group.
    Group(Glob),
    /// People, by user name.
    User(Glob),
    /// Workloads, by user name.
    Workload(Glob),
}

impl SubjectPattern {
    /// Whether `caller` is one of those whom the pattern names.
    pub fn matches(&self, caller: &Caller) -> bool {
        match self {
            Self::Anyone => true,
            Self::Group(group) => caller.groups.iter().any(|of| group.matches(of)),
            Self::User(name) => caller.kind == CallerKind::Person && name.matches(&caller.name),
            Self::Workload(name) => {
                caller.kind == CallerKind::Workload && name.matches(&caller.name)
            }
        }
    }
}

impl SubjectPattern {
    /// Whether both may name the same caller by the same word. That a group may have a user among
    /// its members is nothing that patterns tell.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Anyone, _) | (_, Self::Anyone) => true,
            (Self::Group(one), Self::Group(another))
            | (Self::User(one), Self::User(another))
            | (Self::Workload(one), Self::Workload(another)) => one.overlaps(another),
            _ => false,
        }
    }
}

/// Why a text names no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no caller: write `*`, `user:NAME`, `workload:NAME` or `group:NAME`")]
pub struct InvalidSubject(String);

impl std::str::FromStr for SubjectPattern {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, InvalidSubject> {
        match text.split_once(':') {
            None if text == "*" => Ok(Self::Anyone),
            Some(("group", name)) if !name.is_empty() => Ok(Self::Group(name.into())),
            Some(("user", name)) if !name.is_empty() => Ok(Self::User(name.into())),
            Some(("workload", name)) if !name.is_empty() => Ok(Self::Workload(name.into())),
            _ => Err(InvalidSubject(text.to_owned())),
        }
    }
}

impl std::fmt::Display for SubjectPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Anyone => f.write_str("*"),
            Self::Group(name) => write!(f, "group:{}", name.as_str()),
            Self::User(name) => write!(f, "user:{}", name.as_str()),
            Self::Workload(name) => write!(f, "workload:{}", name.as_str()),
        }
    }
}

impl<'de> Deserialize<'de> for SubjectPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for SubjectPattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_known_by_his_name_or_by_his_uid_at_his_issuer() {
        let caller = |uid: Option<&str>| Caller {
            name: "bob".into(),
            groups: Vec::new(),
            uid: uid.map(Into::into),
            kind: CallerKind::Person,
            issuer: "https://idp.example".into(),
        };
        let bob = caller(Some("4711"));
        assert!(bob.is_also("bob", "https://other.example", None));
        assert!(bob.is_also("robert", "https://idp.example", Some("4711")));
        assert!(!bob.is_also("robert", "https://other.example", Some("4711")));
        assert!(!bob.is_also("robert", "https://idp.example", Some("4712")));
        assert!(!caller(None).is_also("robert", "https://idp.example", None));
    }

    fn caller(kind: CallerKind) -> Caller {
        Caller {
            name: "oidc:alice".into(),
            groups: vec!["oidc:dev".into(), "oidc:sre".into()],
            uid: None,
            kind,
            issuer: "https://idp.example".into(),
        }
    }

    #[test]
    fn patterns_tell_people_from_workloads() {
        for (pattern, person, workload) in [
            ("*", true, true),
            ("group:oidc:sre", true, true),
            ("group:sre", false, false),
            ("user:*", true, false),
            ("user:oidc:alice", true, false),
            ("workload:*", false, true),
            ("workload:oidc:bob", false, false),
        ] {
            let pattern: SubjectPattern = pattern.parse().unwrap();
            assert_eq!(pattern.matches(&caller(CallerKind::Person)), person, "{pattern}");
            assert_eq!(pattern.matches(&caller(CallerKind::Workload)), workload, "{pattern}");
        }
    }

    #[test]
    fn a_text_without_a_kind_is_refused() {
        for text in ["", "alice", "group:", "role:admin", "**"] {
            assert!(text.parse::<SubjectPattern>().is_err(), "{text}");
        }
    }
}
