//! What a masked value looks like, so that clients still read the object around it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::edit::quote;
use super::placeholder::ObjectPlaceholders;
use super::string::decode;
use super::written::Salts;

/// What stands around the placeholder of a docker config.
pub(super) const DOCKER_CONFIG: (&str, &str) = (r#"{"auths":{},"kguard":""#, r#""}"#);

const SERVICE_ACCOUNT_TOKEN: &str = "kubernetes.io/service-account-token";

/// Where a value was found: the same one gets another placeholder in the annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Location {
    /// In `kubectl.kubernetes.io/last-applied-configuration`.
    LastApplied,
    /// In the object itself.
    Live,
}

/// Makes the replacements for the values of one object.
pub(super) struct Values {
    pub placeholders: ObjectPlaceholders,
    /// The Secret's `type`; none for other kinds.
    pub secret_type: Option<String>,
    /// The salts of what was written to a Secret.
    pub salts: Salts,
}

impl Values {
    /// The JSON that stands in for a scalar, or none if that may be read: null, the empty string
    /// and, unless the rule names the key itself, what is public in Secrets.
    pub(super) fn replacement(
        &self,
        location: Location,
        place: &[Cow<'_, str>],
        scalar: &str,
        named: bool,
    ) -> Option<String> {
        let value = match scalar.strip_prefix('"') {
            Some(rest) => decode(rest.strip_suffix('"').unwrap_or(rest)),
            None => Cow::Borrowed(scalar),
        };
        if scalar == "null" || value.is_empty() {
            return None;
        }
        let (encoded, key) =
            self.key_of(place).map_or((false, None), |(encoded, key)| (encoded, Some(key)));
        if !named && key.is_some_and(|key| self.is_public(key, &value, encoded)) {
            return None;
        }
        let token = self.token((location, place, key), value.as_bytes());
        let text = match key {
            // Clients parse these.
            Some(".dockerconfigjson" | ".dockercfg") => {
                let (before, after) = DOCKER_CONFIG;
                [before, &token, after].concat()
            }
            _ => token,
        };
        Some(quote(&if encoded { STANDARD.encode(text) } else { text }))
    }

    /// Of a Secret's value: whether it is base64, and its key.
    pub(super) fn key_of<'p>(&self, place: &'p [Cow<'_, str>]) -> Option<(bool, &'p str)> {
        match (place, &self.secret_type) {
            ([field, key], Some(_)) if field == "data" => Some((true, key)),
            ([field, key], Some(_)) if field == "stringData" => Some((false, key)),
            _ => None,
        }
    }

    /// The placeholder for a value, or a part of one, at `place`; `key` if that is a Secret's.
    pub(super) fn token(
        &self,
        (location, place, key): (Location, &[Cow<'_, str>], Option<&str>),
        value: &[u8],
    ) -> String {
        let parts = place.iter().map(AsRef::as_ref);
        match location {
            Location::LastApplied => self.placeholders.last_applied(parts),
            Location::Live => {
                let salt = key.map(|key| self.salts.of(key)).unwrap_or_default();
                self.placeholders.live((parts, key), salt, value)
            }
        }
    }

    fn is_public(&self, key: &str, value: &str, encoded: bool) -> bool {
        match key {
            "ca.crt" | "tls.crt" => {
                let decoded = encoded.then(|| STANDARD.decode(value).unwrap_or_default());
                is_certificate(decoded.as_deref().unwrap_or(value.as_bytes()))
            }
            "namespace" => self.secret_type.as_deref() == Some(SERVICE_ACCOUNT_TOKEN),
            _ => false,
        }
    }
}

/// Certificates in PEM, and no key among them: people put both into one file.
fn is_certificate(pem: &[u8]) -> bool {
    let contains = |needle: &[u8]| memchr::memmem::find(pem, needle).is_some();
    contains(b"-----BEGIN ") && contains(b"CERTIFICATE-----") && !contains(b"PRIVATE KEY")
}
