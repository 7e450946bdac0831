//! The exec, attach and port-forward connections: recorded, listed, watched and ended while they run.
//!
//! ```text
//! a permit → opened (the recording's file is there, or nothing runs) → the API server agrees
//!          → running (listed; ends by itself, by a person, with its grant, by a reload of the
//!            policies) → its entry
//! ```

mod mover;
mod object_store;
mod past;
mod recording;
mod standing;
mod tap;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use kguard::api::{PastStream, RunningStream};
use kguard::audit::record::RecordingDigest;
use kguard::identity::Caller;
use kguard::kube::pod::{StreamPod, container};
use kguard::kube::request_info::RequestInfo;
use kguard::kube::target::is_on;
use kguard::policy::PolicySet;
use kguard::recording::{Cast, Facts};
use kguard::stream::Purpose;
use serde::Deserialize;
use tokio::sync::watch;
use uuid::Uuid;

pub use object_store::{ObjectStoreConfig, ObjectStoreError};
pub(crate) use recording::RecordingFile;
pub(crate) use standing::policy_query;
pub(crate) use tap::Tap;

use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::decide::Permit;
use crate::grants::Grants;
use crate::live::LiveObjects;
use crate::policies::Policies;
use crate::stream::LAST_WORDS;
use mover::Mover;
use object_store::RecordingStore;
use standing::Standing;

/// What is recorded, and where.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordingConfig {
    /// Whether streams are recorded.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// Where to; `recordings` in the state folder if it is not named.
    #[serde(default)]
    pub folder: Option<PathBuf>,
    /// Where recordings go from there when they are finished; they stay if it is not named.
    #[serde(default)]
    pub object_store: Option<ObjectStoreConfig>,
    /// Whether what people type is recorded everywhere, passwords among it; otherwise only where the
    /// policy says so that lets a stream through.
    #[serde(default)]
    pub input: bool,
    /// How long one may get, in MiB; then its stream ends. The trail needs room as well.
    #[serde(default = "most_mebibytes")]
    pub max_mebibytes: u64,
}

fn enabled() -> bool {
    true
}

fn most_mebibytes() -> u64 {
    1024
}

impl Default for RecordingConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            folder: None,
            object_store: None,
            input: false,
            max_mebibytes: most_mebibytes(),
        }
    }
}

/// Recordings cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum RecordingsError {
    /// The folder.
    #[error("cannot make the folder {} for recordings", folder.display())]
    Folder {
        /// It.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The object store.
    #[error(transparent)]
    ObjectStore(#[from] ObjectStoreError),
}

/// How long the recordings and entries of streams may take when the gateway stops, once their clients
/// have had time for the last words.
const CLOSING: Duration = Duration::from_secs(1);

/// All streams of this gateway.
pub struct Streams {
    running: Mutex<BTreeMap<Uuid, Arc<Running>>>,
    /// Those that have a recording's file and do not run yet.
    opening: Mutex<BTreeSet<Uuid>>,
    /// Why none may go on.
    stopping: OnceLock<String>,
    config: RecordingConfig,
    folder: PathBuf,
    /// Takes what is finished out of the folder, if it does not stay there.
    mover: Option<Mover>,
    policies: Arc<Policies>,
    grants: Arc<Grants>,
    clock: Clock,
}

/// A recording that is complete.
pub(crate) enum Found {
    /// In the folder.
    File(tokio::fs::File),
    /// In the object store, piece by piece.
    Object(BoxStream<'static, std::io::Result<Bytes>>),
}

/// A stream that may begin.
pub struct Opened {
    facts: Facts,
    purpose: Purpose,
    standing: Arc<Standing>,
    recording: Option<(Cast, RecordingFile)>,
    /// From when the recording's times count.
    since: Instant,
    /// The digest of the policies that allow it.
    allowed_under: String,
}

/// A stream that runs.
pub struct Running {
    /// What is told of it.
    pub about: RunningStream,
    /// Whose it is.
    pub caller: Arc<Caller>,
    standing: Arc<Standing>,
    end: watch::Sender<Option<String>>,
    /// How much of the recording is in its file; closed at the end.
    pub written: Option<watch::Receiver<u64>>,
}

/// What carries the bytes of a stream needs of it.
pub(crate) struct Session {
    pub(crate) tap: Tap,
    pub(crate) purpose: Purpose,
    pub(crate) recording: Option<RecordingFile>,
    /// Why it has to end, once it has to.
    pub(crate) ended: watch::Receiver<Option<String>>,
    /// Keeps it listed.
    pub(crate) listed: Listed,
}

/// Takes a stream off the list when it ends.
pub(crate) struct Listed {
    streams: Arc<Streams>,
    id: Uuid,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.streams.lock().remove(&self.id);
        if let Some(mover) = &self.streams.mover {
            mover.wake();
        }
    }
}

/// Keeps the file of a recording that has yet to begin from being taken for one that is complete.
pub(crate) struct Opening {
    streams: Arc<Streams>,
    id: Uuid,
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.streams.opening().remove(&self.id);
    }
}

impl Streams {
    /// Makes the folder of recordings; none runs yet.
    pub fn start(
        (config, state_dir): (RecordingConfig, &Path),
        (policies, grants): (Arc<Policies>, Arc<Grants>),
        clock: Clock,
    ) -> Result<Self, RecordingsError> {
        let folder = config.folder.clone().unwrap_or_else(|| state_dir.join("recordings"));
        if config.enabled {
            let made = std::fs::create_dir_all(&folder);
            made.map_err(|source| RecordingsError::Folder { folder: folder.clone(), source })?;
        }
        let store = config.object_store.as_ref().map(RecordingStore::new).transpose()?;
        let mover = store.map(Mover::new);
        let (running, opening, stopping) = Default::default();
        Ok(Self { running, opening, stopping, config, folder, mover, policies, grants, clock })
    }

    /// Gets ready for what a permit allows: reads what the recording's head tells, and makes its
    /// file, without which nothing runs.
    pub async fn open(
        self: &Arc<Self>,
        (cluster, permit): (&Cluster, &Permit),
        policies: &PolicySet,
    ) -> std::io::Result<Opened> {
        let subject = permit.subject();
        let info = &subject.request().info;
        // What was read before somebody was waited for may be another by now.
        let known = subject.pod().filter(|_| permit.hold().is_none());
        let pod = if let Some(pod) = known {
            pod.clone()
        } else {
            let pod = LiveObjects::of(cluster, subject.identity()).pod(info).await;
            StreamPod::of(&pod.unwrap_or_default(), container(subject.request().query.pairs()))
        };
        let facts = facts(permit, cluster, pod);
        // Of a policy that has gone meanwhile what it said still holds.
        let current = self.policies.current();
        let asks = |policy| policies.records_input(policy) || current.records_input(policy);
        let records_input = self.config.input || permit.policy().is_some_and(asks);
        let since = Instant::now();
        let recording = self.record(&facts, subject.request().id, records_input).await?;
        let purpose = purpose(info, subject.request().query.pairs());
        let standing = Arc::new(Standing {
            policies: Arc::clone(&self.policies),
            clock: self.clock.clone(),
            request: Arc::clone(info),
            query: subject.request().query.pairs().to_vec(),
            caller: Arc::clone(subject.caller()),
            identity: Arc::clone(subject.acting()),
            cluster: cluster.name().to_owned(),
            met: permit.met().to_vec(),
            lifts: self.grants.lifts_of(permit.grants()),
            grants: permit.grants().to_vec(),
            ports: Mutex::default(),
        });
        let allowed_under = policies.digest().to_owned();
        Ok(Opened { facts, purpose, standing, recording, since, allowed_under })
    }

    /// A recording that begins, if there is one.
    async fn record(
        self: &Arc<Self>,
        facts: &Facts,
        id: Uuid,
        records_input: bool,
    ) -> std::io::Result<Option<(Cast, RecordingFile)>> {
        if !self.config.enabled {
            return Ok(None);
        }
        let mut cast = Cast::begin(facts, records_input, self.clock.now().as_second());
        let most_bytes = self.config.max_mebibytes.saturating_mul(1 << 20);
        self.opening().insert(id);
        let opening = Opening { streams: Arc::clone(self), id };
        let file = RecordingFile::create((&self.folder, opening), cast.take(), most_bytes).await?;
        Ok(Some((cast, file)))
    }

    /// Begins: from now on it is listed.
    pub(crate) fn begin(self: &Arc<Self>, opened: Opened, id: Uuid) -> Session {
        let Opened { facts, purpose, standing, recording, since, allowed_under } = opened;
        let (cast, recording) = recording.unzip();
        let (end, ended) = watch::channel(None);
        let Facts { caller, cluster, namespace, pod, kind, container, command, tty, hold, .. } =
            facts;
        let (started, recorded) = (self.clock.now(), recording.is_some());
        let about = RunningStream {
            id,
            caller,
            cluster,
            namespace,
            pod,
            kind,
            container,
            command,
            tty,
            started,
            recorded,
            hold,
        };
        let caller = Arc::clone(&standing.caller);
        let written = recording.as_ref().map(RecordingFile::written);
        let running = Running { about, caller, standing: Arc::clone(&standing), end, written };
        let running = Arc::new(running);
        self.lock().insert(id, Arc::clone(&running));
        let recording = recording.map(RecordingFile::begun);
        if let Some(why) = self.stopping.get() {
            running.end(why.clone());
        }
        // Policies that have changed just before were not asked for this stream.
        if allowed_under != self.policies.current().digest() {
            running.end_if_refused();
        }
        // One that has ended just before was not told of this stream.
        if !standing.grants.iter().all(|grant| self.grants.is_in_force(grant)) {
            tokio::spawn(Arc::clone(self).end_without_grants());
        }
        let tap = Tap::new(cast, (standing, since));
        let listed = Listed { streams: Arc::clone(self), id };
        Session { tap, purpose, recording, ended, listed }
    }

    /// Those that run, oldest first.
    pub fn running(&self) -> Vec<Arc<Running>> {
        self.lock().values().cloned().collect()
    }

    /// One that runs.
    pub fn find(&self, id: Uuid) -> Option<Arc<Running>> {
        self.lock().get(&id).cloned()
    }

    /// The file of a recording that is being made.
    pub async fn file(&self, id: Uuid) -> std::io::Result<tokio::fs::File> {
        tokio::fs::File::open(recording::path(&self.folder, id)).await
    }

    /// A recording, wherever it is; none if it is nowhere.
    pub(crate) async fn recording(&self, id: Uuid) -> std::io::Result<Option<Found>> {
        match (self.file(id).await, &self.mover) {
            (Ok(file), _) => Ok(Some(Found::File(file))),
            (Err(error), Some(mover)) if is_absent(&error) => {
                Ok(mover.read(id).await?.map(Found::Object))
            }
            (Err(error), None) if is_absent(&error) => Ok(None),
            (Err(error), _) => Err(error),
        }
    }

    /// Moves what is finished to the object store, for as long as the gateway runs.
    pub async fn move_finished(self: Arc<Self>) {
        if let Some(mover) = &self.mover {
            // What is no more being opened when it is asked about runs by then, or never did.
            let is_running = |id| self.opening().contains(&id) || self.lock().contains_key(&id);
            mover.run(&self.folder, is_running).await;
        }
    }

    /// The ids of those that have ended and have a recording, before one of them, newest first.
    pub async fn recorded(&self, before: Option<Uuid>) -> std::io::Result<Vec<Uuid>> {
        if !self.config.enabled {
            return Ok(Vec::new());
        }
        let folder = self.folder.clone();
        let listed = tokio::task::spawn_blocking(move || past::list(&folder, before));
        let mut ids = listed.await.map_err(std::io::Error::other)??;
        let (opening, running) = (self.opening(), self.lock());
        ids.retain(|id| !opening.contains(id) && !running.contains_key(id));
        Ok(ids)
    }

    /// What the recording of one says of itself.
    pub async fn past(&self, id: Uuid) -> Option<PastStream> {
        past::read(&self.folder, id).await
    }

    /// Ends those that the policies do not allow any more, whenever they change.
    pub async fn watch_policies(self: Arc<Self>) {
        let mut reloads = self.policies.reloads();
        while reloads.changed().await.is_ok() {
            for running in self.running() {
                running.end_if_refused();
                // There may be thousands, and connections to accept meanwhile.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Ends those whose grant has ended, whenever one does.
    pub async fn watch_grants(self: Arc<Self>) {
        let mut changes = self.grants.changes();
        while changes.changed().await.is_ok() {
            Arc::clone(&self).end_without_grants().await;
        }
    }

    async fn end_without_grants(self: Arc<Self>) {
        for running in self.running() {
            let mut grants = running.standing.grants.iter();
            if let Some(ended) = grants.find(|grant| !self.grants.is_in_force(grant)) {
                let why = self.grants.end_of(ended).await;
                running.end(format!("grant {ended}, on which this session ran, has ended: {why}"));
            }
        }
    }

    /// Ends all, those that begin from now on as well, and waits a little for that.
    pub async fn end_all(&self, why: &str) {
        let why = self.stopping.get_or_init(|| why.to_owned());
        self.running().iter().for_each(|running| running.end(why.clone()));
        let until = tokio::time::Instant::now() + LAST_WORDS + CLOSING;
        while !self.are_over() && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn are_over(&self) -> bool {
        self.opening().is_empty() && self.lock().is_empty()
    }

    fn opening(&self) -> std::sync::MutexGuard<'_, BTreeSet<Uuid>> {
        self.opening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Uuid, Arc<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}

impl Running {
    /// Ends it if the policies do not allow it any more.
    fn end_if_refused(&self) {
        if let Err(why) = self.standing.still_stands() {
            self.end(format!("the policies have changed: {why}"));
        }
    }

    /// Ends it, and tells its user why.
    pub fn end(&self, why: String) {
        self.end.send_replace(Some(why));
    }
}

/// How a recording ended: what ties it to its entry, or why it is not to be relied on.
pub(crate) type Recorded = Result<Option<RecordingDigest>, std::io::Error>;

fn purpose(info: &RequestInfo, query: &[(String, String)]) -> Purpose {
    if info.subresource() == "portforward" {
        return Purpose::PortForward { ports: standing::ports(query) };
    }
    Purpose::Command { tty: is_on(query, "tty") }
}

fn facts(permit: &Permit, cluster: &Cluster, pod: StreamPod) -> Facts {
    let subject = permit.subject();
    let request = subject.request();
    let info = request.info.resource.as_ref();
    let query = subject.noted_query();
    let all = |name: &str| {
        let of = query.iter().filter(move |(own, _)| own == name);
        of.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let identity = &subject.identity().name;
    Facts {
        id: request.id.to_string(),
        caller: subject.caller().name.clone(),
        impersonated: if *identity == subject.caller().name {
            String::new()
        } else {
            identity.clone()
        },
        cluster: cluster.name().to_owned(),
        namespace: info.map(|of| of.namespace.clone()).unwrap_or_default(),
        pod: info.map(|of| of.name.clone()).unwrap_or_default(),
        pod_uid: pod.uid,
        node: pod.node,
        image: pod.image,
        container: container(query).to_owned(),
        kind: request.info.subresource().to_owned(),
        command: all("command"),
        tty: is_on(request.query.pairs(), "tty"),
        stdin: is_on(request.query.pairs(), "stdin"),
        is_altered: query != request.query.pairs(),
        hold: permit.hold().map(str::to_owned),
        approved_by: permit.approved_by().to_vec(),
        grants: permit.grants().to_vec(),
        break_glass: permit.break_glass().map(str::to_owned),
    }
}
