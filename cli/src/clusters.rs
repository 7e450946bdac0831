//! The clusters behind the gateway: remembered, so that a command starts without asking.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use kguard::api::Cluster;

use crate::config::Folders;
use crate::context::Target;
use crate::failure::Failure;
use crate::files::{self, FileError};

/// How old the list may be before it is asked for again, in the background.
const FRESH: Duration = Duration::from_mins(10);

/// More than a list of clusters needs.
pub(crate) const MAX_LIST_BYTES: usize = 1 << 20;

/// The remembered list of one gateway.
#[derive(Debug, Clone)]
pub(crate) struct ClusterCache {
    path: PathBuf,
}

impl ClusterCache {
    pub(crate) fn new(folders: &Folders, target: &Target) -> Self {
        let path = folders.cache.join(format!("clusters-{}.json", target.gateway.label()));
        Self { path }
    }

    /// The names, with the `wanted` one among them: remembered or, if need be, asked for.
    pub(crate) async fn names(
        &self,
        target: &Target,
        wanted: &[&str],
    ) -> Result<Vec<String>, Failure> {
        if let Some(names) = self.read()?
            && !names.is_empty()
            && wanted.iter().all(|wanted| names.iter().any(|name| name == wanted))
        {
            return Ok(names);
        }
        let clusters: Vec<Cluster> = target.control()?.get("/v1/clusters").await?;
        Ok(self.remember(clusters)?)
    }

    pub(crate) fn remember(&self, clusters: Vec<Cluster>) -> Result<Vec<String>, FileError> {
        let names: Vec<String> = clusters.into_iter().map(|cluster| cluster.name).collect();
        let content = serde_json::Value::from(names.clone()).to_string();
        files::write_private(&self.path, content.as_bytes())?;
        Ok(names)
    }

    pub(crate) fn is_fresh(&self) -> bool {
        let modified = self.path.metadata().and_then(|metadata| metadata.modified());
        modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age < FRESH))
    }

    /// A list that cannot be read is none.
    fn read(&self) -> Result<Option<Vec<String>>, FileError> {
        let content = files::read_optional(&self.path)?;
        Ok(content.and_then(|content| serde_json::from_slice(&content).ok()))
    }
}
