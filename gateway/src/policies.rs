//! The policies in force: read from a folder, taken over when the folder changes, and only if they
//! are all right. A broken set is reported and the last good one stays.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use kguard::audit::record::{Event, Record};
use kguard::policy::{self, PolicySet, Problem, Source};
use serde::Deserialize;

use crate::clock::Clock;
use crate::record::Recorder;

/// How often the folder is looked at. By content, not by notification: mounted ConfigMaps, network
/// file systems and editors that rename all look alike this way.
const LOOK: Duration = Duration::from_secs(1);

/// The policies in force.
pub struct Policies {
    place: Place,
    mode: Mode,
    current: ArcSwap<PolicySet>,
    /// What is wrong with the folder's present content, if it is not what is in force.
    broken: ArcSwap<Vec<Problem>>,
}

/// Whether policies are in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// They decide.
    #[default]
    Enforce,
    /// What they would decide is recorded, and everything is let through. Masks mask all the same.
    Observe,
}

enum Place {
    BuiltIn,
    Path(PathBuf),
}

/// Why there are no policies to start with.
#[derive(Debug, thiserror::Error)]
pub enum PoliciesError {
    /// They are wrong; all of what is wrong.
    #[error("the policies cannot be used:\n{}", list(.0))]
    Broken(Vec<Problem>),
    /// They cannot be read.
    #[error("cannot read policies at {path}")]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Policies {
    /// The starter pack.
    pub fn built_in() -> Result<Self, PoliciesError> {
        Self::compile(Place::BuiltIn, &[policy::starter()])
    }

    /// The policies of a folder, or of one file.
    pub fn load(path: &Path) -> Result<Self, PoliciesError> {
        let sources =
            read(path).map_err(|source| PoliciesError::Read { path: path.to_owned(), source })?;
        Self::compile(Place::Path(path.to_owned()), &sources)
    }

    fn compile(place: Place, sources: &[Source]) -> Result<Self, PoliciesError> {
        let set = PolicySet::compile(sources).map_err(PoliciesError::Broken)?;
        let mode = Mode::default();
        let current = ArcSwap::from_pointee(set);
        Ok(Self { place, mode, current, broken: ArcSwap::default() })
    }

    /// The same policies, in force or only observing.
    #[must_use]
    pub fn in_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// Whether the policies are in force.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The set in force. It stays what it is for whoever holds it.
    pub fn current(&self) -> Arc<PolicySet> {
        self.current.load_full()
    }

    /// What is wrong with the folder, while an older set is in force.
    pub fn problems(&self) -> Arc<Vec<Problem>> {
        self.broken.load_full()
    }

    /// Looks for changes for as long as the gateway runs.
    pub async fn watch(self: Arc<Self>, recorder: Arc<Recorder>, clock: Clock) {
        let Place::Path(path) = &self.place else { return };
        let mut seen = self.current().digest().to_owned();
        loop {
            tokio::time::sleep(LOOK).await;
            let Ok(sources) = read(path) else { continue };
            let digest = policy::digest_of(&sources);
            if digest == seen {
                continue;
            }
            seen = digest;
            self.take_over(&sources, &recorder, &clock).await;
        }
    }

    async fn take_over(&self, sources: &[Source], recorder: &Recorder, clock: &Clock) {
        let set = match PolicySet::compile(sources) {
            Ok(set) => set,
            Err(problems) => {
                tracing::error!(
                    problems = list(&problems),
                    "the changed policies are broken; the last good ones stay in force"
                );
                self.broken.store(Arc::new(problems));
                return;
            }
        };
        let event = Event::PoliciesLoaded { policies: set.digest().to_owned() };
        tracing::info!(digest = set.digest(), "policies reloaded");
        self.current.store(Arc::new(set));
        self.broken.store(Arc::default());
        if let Err(error) = recorder.append(Record { at: clock.now(), event }).await {
            tracing::error!(%error, "the change of policies is not in the trail");
        }
    }
}

/// Reads a file, or all `*.yaml` and `*.yml` files of a folder in the order of their names.
pub fn read(path: &Path) -> std::io::Result<Vec<Source>> {
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        files = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        files.retain(|file| {
            file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
        });
        files.sort();
    }
    files
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file)?;
            Ok(Source { name: file.display().to_string(), text })
        })
        .collect()
}
