//! From verified claims to the caller whom they name. The rules are those of Kubernetes'
//! structured authentication configuration.

use kguard::identity::Caller;
use serde_json::{Map, Value};

use super::config::{ClaimMappings, IssuerConfig, PrefixedClaim};
use super::error::AuthError;
use super::names::{self, NameError, SYSTEM_PREFIX};

/// More groups than this are refused.
const MAX_GROUPS: usize = 200;

/// The caller whom `claims` name, which `config`'s issuer has signed.
pub(super) fn caller(
    config: &IssuerConfig,
    claims: &Map<String, Value>,
) -> Result<Caller, AuthError> {
    let mapping = Mapping { config, claims };
    mapping.check_rules()?;
    match &config.claim_mappings {
        Some(mappings) => mapping.mapped(mappings),
        None => mapping.service_account(),
    }
}

struct Mapping<'a> {
    config: &'a IssuerConfig,
    claims: &'a Map<String, Value>,
}

impl Mapping<'_> {
    fn check_rules(&self) -> Result<(), AuthError> {
        let rules = &self.config.claim_validation_rules;
        let broken = rules.iter().find(|rule| {
            self.claims.get(&rule.claim).is_none_or(|is| is != rule.required_value.as_str())
        });
        broken.map_or(Ok(()), |rule| {
            Err(self
                .unacceptable(&rule.claim, "the gateway's configuration requires another value"))
        })
    }

    fn mapped(&self, mappings: &ClaimMappings) -> Result<Caller, AuthError> {
        let PrefixedClaim { claim, prefix } = &mappings.username;
        if claim == "email" && self.claims.get("email_verified") != Some(&Value::Bool(true)) {
            return Err(self.unacceptable("email_verified", "the address must be a verified one"));
        }
        let name = names::ordinary(prefix, self.text(claim)?);
        let groups = mappings.groups.as_ref().map_or(Ok(Vec::new()), |of| self.groups(of))?;
        let uid = match &mappings.uid {
            Some(uid) => Some(self.named(names::prefixed("", self.text(&uid.claim)?))?),
            None => None,
        };
        Ok(self.caller(self.named(name)?, groups, uid))
    }

    fn groups(
        &self,
        PrefixedClaim { claim, prefix }: &PrefixedClaim,
    ) -> Result<Vec<String>, AuthError> {
        let groups = match self.claims.get(claim) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(groups)) => groups.as_slice(),
            Some(group) => std::slice::from_ref(group),
        };
        if groups.len() > MAX_GROUPS {
            return self.named(Err(NameError::TooManyGroups(MAX_GROUPS)));
        }
        let want = || self.unacceptable(claim, "it must be a text or a list of texts");
        groups
            .iter()
            .map(|group| self.named(self.group(prefix, group.as_str().ok_or_else(want)?)))
            .collect()
    }

    fn group(&self, prefix: &str, group: &str) -> Result<String, NameError> {
        let group = names::prefixed(prefix, group)?;
        let allowed = &self.config.allowed_system_groups;
        if group.starts_with(SYSTEM_PREFIX) && !allowed.contains(&group) {
            return Err(NameError::System);
        }
        Ok(group)
    }

    /// What an API server makes of a service account's token.
    fn service_account(&self) -> Result<Caller, AuthError> {
        let name = self.text("sub")?;
        let namespace = self.named(names::service_account_namespace(name))?;
        let groups = vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
        ];
        let uid = self.claims.get("kubernetes.io").and_then(|it| it.pointer("/serviceaccount/uid"));
        let uid = uid.and_then(Value::as_str).map(|uid| self.named(names::prefixed("", uid)));
        Ok(self.caller(name.to_owned(), groups, uid.transpose()?))
    }

    fn caller(&self, name: String, groups: Vec<String>, uid: Option<String>) -> Caller {
        let issuer = self.config.issuer.url.clone();
        Caller { name, groups, uid, kind: self.config.kind, issuer }
    }

    fn text(&self, claim: &str) -> Result<&str, AuthError> {
        let value = self.claims.get(claim).and_then(Value::as_str);
        value.ok_or_else(|| self.unacceptable(claim, "it must be a text"))
    }

    fn unacceptable(&self, claim: &str, want: &'static str) -> AuthError {
        let issuer = self.config.issuer.url.clone();
        AuthError::Claim { issuer, claim: claim.to_owned(), want }
    }

    fn named<T>(&self, name: Result<T, NameError>) -> Result<T, AuthError> {
        name.map_err(|problem| AuthError::Name { issuer: self.config.issuer.url.clone(), problem })
    }
}

#[cfg(test)]
mod tests;
