//! The clusters behind the gateway.

use std::fmt;

use kube_client::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube_client::{Config, config::InClusterError};
use tokio::sync::Semaphore;

use crate::config::ClusterConfig;
use crate::forward::{Endpoint, EndpointError, Pool};
use crate::known_values::{FormerValues, Refusals, SharedPatterns};
use crate::live::RememberedDryRuns;

/// One cluster: its name and the connections to it.
pub struct Cluster {
    name: String,
    pool: Pool,
    dry_runs: RememberedDryRuns,
    former_values: FormerValues,
    patterns: SharedPatterns,
    refusals: Refusals,
    own_requests: Semaphore,
}

/// The gateway's own requests at once: what they read is held in memory as a whole.
const OWN_REQUESTS: usize = 24;

/// Why a cluster of the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Its server or its credentials are unusable.
    #[error("cluster `{name}`: {source}")]
    Endpoint {
        /// The cluster.
        name: String,
        /// Why.
        source: EndpointError,
    },
    /// The gateway does not run in a pod.
    #[error("cluster `{name}`: the gateway does not run inside a cluster")]
    InCluster {
        /// The cluster.
        name: String,
        /// What is missing.
        source: InClusterError,
    },
    /// The kubeconfig cannot be read, or lacks the context.
    #[error("cluster `{name}`: kubeconfig {path}: {source}")]
    Kubeconfig {
        /// The cluster.
        name: String,
        /// The file.
        path: String,
        /// Why.
        source: KubeconfigError,
    },
}

impl Cluster {
    /// Loads the cluster's credentials. Nothing is connected yet.
    pub async fn load(config: &ClusterConfig) -> Result<Self, ClusterError> {
        let name = config.name.clone();
        let loaded = match &config.kubeconfig {
            Some(source) => {
                let path = source.path.display().to_string();
                let at = |source| ClusterError::Kubeconfig {
                    name: name.clone(),
                    path: path.clone(),
                    source,
                };
                let kubeconfig = Kubeconfig::read_from(&source.path).map_err(at)?;
                let options =
                    KubeConfigOptions { context: source.context.clone(), ..Default::default() };
                Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(at)?
            }
            None => Config::incluster()
                .map_err(|source| ClusterError::InCluster { name: name.clone(), source })?,
        };
        match Endpoint::new(&loaded) {
            Ok(endpoint) => Ok(Self {
                name,
                pool: Pool::new(endpoint),
                dry_runs: RememberedDryRuns::default(),
                former_values: FormerValues::default(),
                patterns: SharedPatterns::default(),
                refusals: Refusals::default(),
                own_requests: Semaphore::new(OWN_REQUESTS),
            }),
            Err(source) => Err(ClusterError::Endpoint { name, source }),
        }
    }

    /// The name that policies and paths know it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which of its API servers know dry runs.
    pub fn dry_runs(&self) -> &RememberedDryRuns {
        &self.dry_runs
    }

    /// What its Secrets held lately.
    pub fn former_values(&self) -> &FormerValues {
        &self.former_values
    }

    /// What is looked for of them in the text of pods.
    pub fn patterns(&self) -> &SharedPatterns {
        &self.patterns
    }

    /// Where the gateway itself may not read Secrets.
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// The room for the gateway's own requests.
    pub fn own_requests(&self) -> &Semaphore {
        &self.own_requests
    }

    /// The connections to it.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("name", &self.name).finish_non_exhaustive()
    }
}
