//! `kubectl --as`: a request in the name of somebody else.
//!
//! The API server lets a caller act as somebody if he has the right to the verb `impersonate` on
//! every part of that identity (k8s.io/apiserver `pkg/endpoints/filters/impersonation.go`).

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::request_info::{RequestInfo, ResourceInfo, Verb};
use crate::identity::{Caller, CallerKind};

/// All headers of an impersonation begin so.
const PREFIX: &str = "impersonate-";
const USER: &str = "impersonate-user";
const GROUP: &str = "impersonate-group";
const UID: &str = "impersonate-uid";

/// Names that are service accounts.
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// More groups than anybody types.
const MAX_GROUPS: usize = 64;

/// As whom a request is to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Impersonation {
    /// The user, `system:serviceaccount:NAMESPACE:NAME` for a service account.
    pub user: String,
    /// The groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The uid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Why headers are no impersonation; the client's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidImpersonation {
    /// More groups than anybody has.
    #[error("a request may act as a member of at most {MAX_GROUPS} groups")]
    Groups,
    /// An empty name would be no impersonation at all, a padded one another name.
    #[error("the name to act as is empty, or begins or ends with a space")]
    Name,
    /// A part that cannot be decided on here: extra fields.
    #[error("kguard passes on a user, groups and a uid to act as, and nothing else")]
    Other,
    /// Of two names the API server takes the first.
    #[error("a request can act as one user with one uid")]
    Repeated,
    /// Groups or a uid alone.
    #[error("a request can act as a group or a uid only together with a user (`--as`)")]
    User,
}

impl Impersonation {
    /// Reads it from the headers of a request.
    pub fn read(headers: &HeaderMap) -> Result<Option<Self>, InvalidImpersonation> {
        use InvalidImpersonation as Invalid;
        let mut names = headers.keys().map(http::HeaderName::as_str);
        if names.any(|name| name.starts_with(PREFIX) && ![USER, GROUP, UID].contains(&name)) {
            return Err(Invalid::Other);
        }
        let values = |name| headers.get_all(name).iter().map(self::name);
        let one = |name| match headers.get_all(name).iter().count() {
            0 => Ok(None),
            1 => values(name).next().transpose(),
            _ => Err(Invalid::Repeated),
        };
        let groups = values(GROUP).collect::<Result<Vec<_>, _>>()?;
        let (user, uid) = (one(USER)?, one(UID)?);
        match user {
            _ if groups.len() > MAX_GROUPS => Err(Invalid::Groups),
            Some(user) => Ok(Some(Self { user, groups, uid })),
            None if groups.is_empty() && uid.is_none() => Ok(None),
            None => Err(Invalid::User),
        }
    }

    /// The identity, vouched for by whoever vouches for `by`.
    pub fn caller(&self, by: &Caller) -> Caller {
        let mut groups = self.groups.clone();
        let account = self.service_account();
        // What the API server itself gives to a service account without groups.
        if let Some((namespace, _)) = account.filter(|_| groups.is_empty()) {
            groups.push("system:serviceaccounts".to_owned());
            groups.push(format!("system:serviceaccounts:{namespace}"));
        }
        Caller {
            name: self.user.clone(),
            groups,
            uid: self.uid.clone(),
            kind: if account.is_some() { CallerKind::Workload } else { CallerKind::Person },
            issuer: by.issuer.clone(),
        }
    }

    /// The rights that it takes, one for each part of the identity, as requests.
    pub fn rights(&self) -> Vec<RequestInfo> {
        let user = match self.service_account() {
            Some((namespace, name)) => right("", "serviceaccounts", (namespace, name)),
            None => right("", "users", ("", &self.user)),
        };
        let groups = self.groups.iter().map(|group| right("", "groups", ("", group)));
        let uid = self.uid.iter().map(|uid| right("authentication.k8s.io", "uids", ("", uid)));
        std::iter::once(user).chain(groups).chain(uid).collect()
    }

    fn service_account(&self) -> Option<(&str, &str)> {
        let (namespace, name) = self.user.strip_prefix(SERVICE_ACCOUNT)?.split_once(':')?;
        // With a name that no service account can have, it is a user's
        // (k8s.io/apiserver `pkg/authentication/serviceaccount`, `SplitUsername`).
        let is_name = |text: &str, also: &str| {
            let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || also.contains(c);
            let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            text.chars().all(known) && text.starts_with(ends) && text.ends_with(ends)
        };
        let whole = is_name(namespace, "-") && is_name(name, "-.");
        whole.then_some((namespace, name))
    }
}

fn name(value: &http::HeaderValue) -> Result<String, InvalidImpersonation> {
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| InvalidImpersonation::Name)?;
    let padded = text.trim() != text || text.chars().any(char::is_control);
    if text.is_empty() || padded { Err(InvalidImpersonation::Name) } else { Ok(text.to_owned()) }
}

fn right(group: &str, resource: &str, (namespace, name): (&str, &str)) -> RequestInfo {
    let resource = ResourceInfo {
        api_group: group.to_owned(),
        api_version: "v1".to_owned(),
        namespace: namespace.to_owned(),
        resource: resource.to_owned(),
        subresource: String::new(),
        name: name.to_owned(),
    };
    RequestInfo { verb: Verb::Impersonate, path: String::new(), resource: Some(resource) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        headers: &[(&'static str, &str)],
    ) -> Result<Option<Impersonation>, InvalidImpersonation> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Impersonation::read(&map)
    }

    #[test]
    fn headers_name_a_user_with_groups_and_a_uid() {
        let read = read(&[
            ("impersonate-user", "jörg"),
            ("impersonate-group", "a"),
            ("impersonate-group", "b"),
            ("impersonate-uid", "7"),
        ]);
        let Impersonation { user, groups, uid } = read.unwrap().unwrap();
        assert_eq!((user.as_str(), groups.len(), uid.as_deref()), ("jörg", 2, Some("7")));
    }

    #[test]
    fn what_has_two_readings_is_refused() {
        use InvalidImpersonation as Invalid;
        for (headers, result) in [
            (&[][..], Ok(None)),
            (&[("impersonate-user", "")], Err(Invalid::Name)),
            (&[("impersonate-user", " x")], Err(Invalid::Name)),
            (&[("impersonate-user", "x\u{a0}")], Err(Invalid::Name)),
            (&[("impersonate-group", "a")], Err(Invalid::User)),
            (&[("impersonate-uid", "a")], Err(Invalid::User)),
            (&[("impersonate-user", "a"), ("impersonate-user", "b")], Err(Invalid::Repeated)),
            (&[("impersonate-user", "a"), ("impersonate-extra-scopes", "b")], Err(Invalid::Other)),
            (&[("impersonate-userx", "a")], Err(Invalid::Other)),
        ] {
            assert_eq!(read(headers), result, "{headers:?}");
        }
    }

    #[test]
    fn each_part_of_an_identity_is_a_right_of_its_own() {
        let of = |user: &str, groups: &[&str], uid: Option<&str>| Impersonation {
            user: user.into(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            uid: uid.map(str::to_owned),
        };
        let text = |of: Impersonation| -> Vec<String> {
            let text = |right: RequestInfo| {
                let ResourceInfo { api_group, namespace, resource, name, .. } =
                    right.resource.unwrap();
                format!("{api_group}/{resource} {namespace}/{name}")
            };
            of.rights().into_iter().map(text).collect()
        };
        assert_eq!(
            text(of("bob", &["a", "b"], Some("7"))),
            ["/users /bob", "/groups /a", "/groups /b", "authentication.k8s.io/uids /7"]
        );
        assert_eq!(text(of("system:serviceaccount:ns:sa", &[], None)), ["/serviceaccounts ns/sa"]);
        for user in [
            "system:serviceaccount:ns:",
            "system:serviceaccount::sa",
            "system:serviceaccount:a:b:c",
            "system:serviceaccount:a:B",
            "system:serviceaccount:A:b",
            "system:serviceaccount:a:-b",
        ] {
            assert_eq!(text(of(user, &[], None)), [format!("/users /{user}")]);
        }
    }

    #[test]
    fn a_service_account_has_the_groups_that_the_api_server_gives_it() {
        let by = Caller {
            name: "alice".into(),
            groups: vec!["dev".into()],
            uid: None,
            kind: CallerKind::Person,
            issuer: "https://idp.example".into(),
        };
        let of = |user: &str, groups: Vec<String>| Impersonation {
            user: user.into(),
            groups,
            uid: None,
        };
        let account = of("system:serviceaccount:ns:sa", vec![]).caller(&by);
        assert_eq!(account.groups, ["system:serviceaccounts", "system:serviceaccounts:ns"]);
        assert_eq!(account.kind, CallerKind::Workload);
        let bob = of("bob", vec!["a".into()]).caller(&by);
        assert_eq!((bob.kind, bob.groups), (CallerKind::Person, vec!["a".to_owned()]));
    }
}
