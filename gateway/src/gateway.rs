//! What all requests share: the clusters, the policies, the holds, the trail.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use kguard::audit::record::{Event, Record};
use kguard::identity::{Caller, SubjectPattern};
use kguard::mask::PlaceholderKey;

use crate::authenticate::Authenticator;
use crate::bodies::BodyRoom;
use crate::budgets::Budgets;
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::config::ExternalUrl;
use crate::effect::Effects;
use crate::grants::Grants;
use crate::hold::Holds;
use crate::metrics::Metrics;
use crate::notify::Notifications;
use crate::outcomes::Outcomes;
use crate::plans::Plans;
use crate::policies::Policies;
use crate::private_file::{KeyError, key};
use crate::record::{Recorder, TrailUnavailable};
use crate::refused_upgrades::RefusedUpgrades;
use crate::stopped::Stopped;
use crate::store::Store;
use crate::streams::Streams;
use crate::undo::Undos;

/// The running gateway.
pub struct Gateway {
    /// Verifies tokens.
    pub authenticator: Authenticator,
    /// Who may read the whole trail.
    pub auditors: Vec<SubjectPattern>,
    /// The room for request bodies.
    pub bodies: BodyRoom,
    /// What callers have spent of their budgets.
    pub budgets: Budgets,
    /// The time.
    pub clock: Clock,
    /// The clusters by name.
    pub clusters: HashMap<String, Arc<Cluster>>,
    /// Under which address people reach it, if it is known.
    pub external_url: Option<ExternalUrl>,
    /// The room for working out what held requests would do.
    pub effects: Effects,
    /// What approvers allowed for a while.
    pub grants: Arc<Grants>,
    /// Parked requests.
    pub holds: Holds,
    /// Figures.
    pub metrics: Metrics,
    /// Tells people who do not look.
    pub notifications: Notifications,
    /// Why requests failed, for those who sent them.
    pub outcomes: Outcomes,
    /// Change sets.
    pub plans: Arc<Plans>,
    /// Makes placeholders.
    pub placeholders: PlaceholderKey,
    /// The policies in force.
    pub policies: Arc<Policies>,
    /// The trail.
    pub recorder: Arc<Recorder>,
    /// Streams that were refused a moment ago.
    pub refused_upgrades: RefusedUpgrades,
    /// Where the trail and the holds are kept.
    pub store: Arc<dyn Store>,
    /// The exec, attach and port-forward that run.
    pub streams: Arc<Streams>,
    /// What changes are undone with.
    pub undos: Undos,
}

impl Gateway {
    /// A cluster by its name.
    pub fn cluster(&self, name: &str) -> Result<Arc<Cluster>, Stopped> {
        self.clusters
            .get(name)
            .cloned()
            .ok_or_else(|| Stopped::UnknownCluster(name.chars().take(63).collect()))
    }

    /// Whether a caller may read what is not his own.
    pub fn is_auditor(&self, caller: &Caller) -> bool {
        self.auditors.iter().any(|pattern| pattern.matches(caller))
    }

    /// Records that the gateway starts, and with which policies.
    pub async fn record_start(&self) -> Result<(), TrailUnavailable> {
        let event = Event::Started {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            policies: self.policies.current().digest().to_owned(),
        };
        self.recorder.append(Record { at: self.clock.now(), event }).await?.durable().await
    }
}

/// The key that placeholders are made with: read from the state folder, made at first.
pub fn placeholder_key(state_dir: &Path) -> Result<PlaceholderKey, KeyError> {
    key(&state_dir.join("placeholder.key")).map(|key| PlaceholderKey::new(&key))
}
