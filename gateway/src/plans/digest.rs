//! What a plan is bound to: keyed digests of its writes, and one of them all.
//!
//! Like that of a hold, the digest of a write is of the placeholders where there are some: nobody can
//! find out from it what is in the request. The caller is no part of it, since another may run the
//! plan; he is part of the plan's own digest, and so is the one who may run it.

use kguard::api::Demand;
use kguard::api::plans::Plan;
use kguard::kube::strict_json;
use kguard::mask::PlaceholderKey;
use kguard::plan::canonical::{Canonical, canonical};
use serde_json::json;

use crate::decide::Subject;
use crate::request::Payload;

/// The digest of a write, and what is in its body.
pub(super) struct Digested {
    pub(super) digest: String,
    /// Whether it keeps a release of helm's.
    pub(super) is_release: bool,
}

/// The digest of a write, hex.
pub(super) fn of_write(subject: &Subject, key: &PlaceholderKey) -> Digested {
    let request = subject.request();
    let sent = request.body_as_it_came();
    // Only what is sure to be JSON is brought into another form.
    let parsed = match &request.payload {
        Payload::Json { .. } => strict_json::parse(&sent).ok(),
        Payload::Delete(_) | Payload::Empty | Payload::Opaque { .. } => None,
    };
    let (body, is_release) = match parsed {
        Some(body) => {
            let Canonical { value, is_release } = canonical(request.info.resource.as_ref(), body);
            (value.to_string().into_bytes(), is_release)
        }
        None => (sent.to_vec(), false),
    };
    let query = request.query.encode();
    let acting = json!(request.impersonation).to_string();
    let digest = digest(
        key,
        &[
            b"kguard planned write v1",
            acting.as_bytes(),
            request.method.as_str().as_bytes(),
            request.info.path.as_bytes(),
            query.as_bytes(),
            request.payload.media_type().unwrap_or_default().as_bytes(),
            &body,
        ],
    );
    Digested { digest, is_release }
}

/// The digest of a plan, hex: what its approvers have seen.
pub(super) fn of_plan(plan: &Plan, demands: &[Demand], key: &PlaceholderKey) -> String {
    let caller = json!(plan.caller).to_string();
    let demands = json!(demands).to_string();
    let seen: Vec<_> = plan.writes.iter().map(|write| (&write.digest, &write.saw)).collect();
    let writes = json!(seen).to_string();
    let expires = plan.expires.to_string();
    digest(
        key,
        &[
            b"kguard plan v1",
            plan.id.as_bytes(),
            caller.as_bytes(),
            plan.apply_as.as_deref().unwrap_or_default().as_bytes(),
            plan.cluster.as_bytes(),
            demands.as_bytes(),
            writes.as_bytes(),
            expires.as_bytes(),
        ],
    )
}

/// Each part with its length, so that no two splits give the same digest.
fn digest(key: &PlaceholderKey, parts: &[&[u8]]) -> String {
    let mut text = Vec::new();
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part);
    }
    key.digest(&text)
}
