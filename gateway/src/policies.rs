//! The policies in force: read from a folder, taken over when the folder changes, and only if they
//! are all right. A broken set is reported and the last good one stays.

mod folder;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use kguard::audit::record::{Event, Record};
use kguard::policy::pack::{PACKS, Pack};
use kguard::policy::{PolicySet, Problem, Source, did_you_mean};
use serde::Deserialize;
use tokio::sync::watch;

use self::folder::Content;
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
    reloaded: watch::Sender<()>,
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

/// Why there are no policies to start with: all of what is wrong with them.
#[derive(Debug, thiserror::Error)]
#[error("the policies cannot be used:\n{}", list(.0))]
pub struct PoliciesError(Vec<Problem>);

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Policies {
    /// A pack that comes with kguard.
    pub fn built_in(name: &str) -> Result<Self, PoliciesError> {
        let pack = Pack::named(name).ok_or_else(|| {
            let message = format!("there is no pack `{name}`");
            let hint = did_you_mean(name, &PACKS.map(|pack| pack.name));
            let problem = Problem::of_file(format!("pack:{name}"), message);
            PoliciesError(vec![Problem { hint, ..problem }])
        })?;
        Self::compile(Place::BuiltIn, &[pack.policies()])
    }

    /// The policies of a folder, or of one file.
    pub fn load(path: &Path) -> Result<Self, PoliciesError> {
        let sources = folder::read(path).sources.map_err(PoliciesError)?;
        Self::compile(Place::Path(path.to_owned()), &sources)
    }

    fn compile(place: Place, sources: &[Source]) -> Result<Self, PoliciesError> {
        let set = PolicySet::compile(sources).map_err(PoliciesError)?;
        let mode = Mode::default();
        let current = ArcSwap::from_pointee(set);
        let (reloaded, _) = watch::channel(());
        Ok(Self { place, mode, current, broken: ArcSwap::default(), reloaded })
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

    /// Tells whenever another set is in force.
    pub fn reloads(&self) -> watch::Receiver<()> {
        self.reloaded.subscribe()
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
            let (path, known) = (path.clone(), seen.clone());
            // Thousands of policies take a second to compile; requests do not wait for that.
            let look = tokio::task::spawn_blocking(move || look(&path, &known)).await;
            let Ok(Some((digest, set))) = look else { continue };
            seen = digest;
            match set {
                Ok(set) => self.take_over(set, &recorder, &clock).await,
                Err(problems) => {
                    tracing::error!(
                        problems = list(&problems),
                        "the changed policies are broken; the last good ones stay in force"
                    );
                    self.broken.store(Arc::new(problems));
                }
            }
        }
    }

    async fn take_over(&self, set: PolicySet, recorder: &Recorder, clock: &Clock) {
        let event = Event::PoliciesLoaded { policies: set.digest().to_owned() };
        tracing::info!(digest = set.digest(), "policies reloaded");
        self.current.store(Arc::new(set));
        self.broken.store(Arc::default());
        self.reloaded.send_replace(());
        if let Err(error) = recorder.append(Record { at: clock.now(), event }).await {
            tracing::error!(%error, "the change of policies is not in the trail");
        }
    }
}

/// What a folder holds now, if that is not what is `known`.
fn look(path: &Path, known: &str) -> Option<(String, Result<PolicySet, Vec<Problem>>)> {
    let Content { digest, sources } = folder::read(path);
    let compile = |sources: Vec<Source>| PolicySet::compile(&sources);
    (digest != known).then(|| (digest, sources.and_then(compile)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_are_taken_by_their_names() {
        for pack in PACKS {
            assert!(Policies::built_in(pack.name).is_ok(), "{}", pack.name);
        }
        let refused = Policies::built_in("robot").err().unwrap().to_string();
        assert!(refused.contains("no pack `robot`") && refused.contains("`robots`"), "{refused}");
    }
}
