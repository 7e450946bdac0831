//! Puts a gateway together and runs it until it is told to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kguard::identity::SubjectPattern;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::accept::{self, Doors, TlsError};
use crate::api;
use crate::authenticate::{Authenticator, ConfigError, IssuerConfig};
use crate::bodies::BodyRoom;
use crate::budgets::Budgets;
use crate::clock::Clock;
use crate::cluster::{Cluster, ClusterError};
use crate::config::{ClusterConfig, Config, ExternalUrl};
use crate::effect::Effects;
use crate::gateway::{Gateway, placeholder_key};
use crate::grants::Grants;
use crate::hold::{Holds, HoldsConfig, NotRestored};
use crate::metrics::Metrics;
use crate::notify::{self, NotificationConfig, Notifications, NotificationsError};
use crate::outcomes::Outcomes;
use crate::plans::Plans;
use crate::policies::{Policies, PoliciesError};
use crate::private_file::KeyError;
use crate::record::{Recorder, StartError, TrailUnavailable};
use crate::refused_upgrades::RefusedUpgrades;
use crate::store::{LocalStore, Store, StoreError};
use crate::streams::{RecordingConfig, RecordingsError, Streams};
use crate::undo::{self, UndoConfig, Undos, Vault, VaultError};
use crate::web::{Web, WebConfig, WebError};
use crate::workers::Workers;

/// What a gateway is made of.
pub struct Setup {
    /// How it is reached.
    pub listening: Listening,
    /// What it stands for.
    pub guarding: Guarding,
}

/// How a gateway is reached.
pub struct Listening {
    /// Where it listens.
    pub listener: TcpListener,
    /// With which certificate.
    pub tls: ServerConfig,
    /// How long a shutdown waits for requests under way.
    pub drain: Duration,
    /// The built-in provider, in `dev`.
    pub provider: Option<axum::Router>,
    /// The approvers' page.
    pub web: WebConfig,
}

/// What a gateway stands for.
pub struct Guarding {
    /// Where it keeps its trail and keys.
    pub state_dir: PathBuf,
    /// Under which address people reach it.
    pub external_url: Option<ExternalUrl>,
    /// What is allowed.
    pub policies: Policies,
    /// What it guards.
    pub clusters: Vec<ClusterConfig>,
    /// Whom it believes.
    pub issuers: Vec<IssuerConfig>,
    /// Who may read the whole trail.
    pub auditors: Vec<SubjectPattern>,
    /// How long a held request of a plain client waits at a time.
    pub plain_wait: Duration,
    /// What is recorded of exec, attach and port-forward.
    pub recordings: RecordingConfig,
    /// Who is told of holds.
    pub notifications: Vec<NotificationConfig>,
    /// What is kept to undo changes with.
    pub undo: UndoConfig,
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its clusters.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Its issuers.
    #[error("issuers: {0}")]
    Issuers(#[from] ConfigError),
    /// Its address.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// Its notifications.
    #[error(transparent)]
    Notifications(#[from] NotificationsError),
    /// The holds of an earlier run.
    #[error(transparent)]
    Holds(#[from] NotRestored),
    /// The placeholder key.
    #[error(transparent)]
    Placeholders(#[from] KeyError),
    /// Its policies.
    #[error(transparent)]
    Policies(#[from] PoliciesError),
    /// The folder of recordings.
    #[error(transparent)]
    Recordings(#[from] RecordingsError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its threads.
    #[error("cannot start the threads that serve connections")]
    Threads(#[source] std::io::Error),
    /// Its certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The trail goes on from something that is not right.
    #[error(transparent)]
    Trail(#[from] StartError),
    /// The trail cannot be written.
    #[error(transparent)]
    Unrecorded(#[from] TrailUnavailable),
    /// What is kept to undo changes with.
    #[error(transparent)]
    Undo(#[from] VaultError),
    /// The page.
    #[error(transparent)]
    Web(#[from] WebError),
}

/// The parts that a configuration file describes.
pub async fn from_config(config: Config) -> Result<Setup, RunError> {
    let tls = accept::server_config(&config.tls.cert_file, &config.tls.key_file)?;
    notify::check(&config.notifications)?;
    let policies = Policies::load(&config.policies)?.in_mode(config.policy_mode);
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|source| RunError::Listen { address: config.listen.to_string(), source })?;
    Ok(Setup {
        listening: Listening {
            listener,
            tls,
            drain: Duration::from_secs(config.drain_seconds),
            provider: None,
            web: config.web,
        },
        guarding: Guarding {
            state_dir: config.state_dir,
            external_url: config.external_url,
            policies,
            clusters: config.clusters,
            issuers: config.issuers,
            auditors: config.auditors,
            plain_wait: Duration::from_secs(config.plain_wait_seconds),
            recordings: config.recordings,
            notifications: config.notifications,
            undo: config.undo,
        },
    })
}

/// A gateway that has all that it needs, and answers from now on.
pub struct Started {
    gateway: Arc<Gateway>,
    doors: Doors,
    workers: Workers,
    listening: Listening,
}

/// Takes what only one gateway may have, and records that it starts.
pub async fn start(setup: Setup) -> Result<Started, RunError> {
    let gateway = assemble(setup.guarding).await?;
    let doors = doors(&gateway, &setup.listening)?;
    let workers = Workers::start().map_err(RunError::Threads)?;
    gateway.record_start().await?;
    Ok(Started { gateway, doors, workers, listening: setup.listening })
}

fn doors(gateway: &Arc<Gateway>, listening: &Listening) -> Result<Doors, WebError> {
    let control = api::router(Arc::clone(gateway));
    let browsers = if listening.web.enabled {
        Web::new(Arc::clone(gateway), listening.web.clone())?.router(control.clone())
    } else {
        control.clone()
    };
    let with_provider = |router| match listening.provider.clone() {
        Some(provider) => axum::Router::new().nest("/idp", provider).fallback_service(router),
        None => router,
    };
    let (control, browsers) = (with_provider(control), with_provider(browsers));
    Ok(Doors { gateway: Arc::clone(gateway), control, browsers })
}

impl Started {
    /// Runs until `shutdown` resolves, then drains.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { gateway, doors, workers, listening: Listening { listener, tls, drain, .. } } =
            self;
        gateway.authenticator.prefetch();
        let policies = Arc::clone(&gateway.policies);
        let watch = policies.watch(Arc::clone(&gateway.recorder), gateway.clock.clone());
        let streams = Arc::clone(&gateway.streams);
        let background = [
            tokio::spawn(watch),
            tokio::spawn(gateway.holds.clone().sweep()),
            tokio::spawn(Arc::clone(&gateway.plans).sweep()),
            tokio::spawn(Arc::clone(&gateway.grants).sweep()),
            tokio::spawn(Arc::clone(&streams).watch_grants()),
            tokio::spawn(Arc::clone(&streams).move_finished()),
            tokio::spawn(streams.watch_policies()),
            tokio::spawn(undo::sweep(Arc::clone(&gateway.store), gateway.clock.clone())),
        ];
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, clusters = gateway.clusters.len(), "listening");
        }
        let streams = Arc::clone(&gateway.streams);
        // Before their connections go: whoever is inside is told why.
        let shutdown = async move {
            shutdown.await;
            streams.end_all("kguard-gateway is being stopped").await;
        };
        let listening = (listener, TlsAcceptor::from(Arc::new(tls)));
        accept::serve(listening, doors, &workers, (shutdown, drain)).await;
        background.iter().for_each(tokio::task::JoinHandle::abort);
        gateway.notifications.stop().await;
        // What ends with them is still recorded.
        workers.end().await;
        gateway.recorder.shutdown().await;
        tracing::info!("stopped");
    }
}

async fn assemble(parts: Guarding) -> Result<Arc<Gateway>, RunError> {
    let clock = Clock::system();
    let mut clusters = std::collections::HashMap::new();
    for config in &parts.clusters {
        clusters.insert(config.name.clone(), Arc::new(Cluster::load(config).await?));
    }
    let authenticator = Authenticator::new(parts.issuers, clock.clone())?;
    let store: Arc<dyn Store> = Arc::new(LocalStore::open(&parts.state_dir).await?);
    let recorder =
        Arc::new(Recorder::start(Arc::clone(&store), &parts.state_dir.join("trail.key")).await?);
    let policies = Arc::new(parts.policies);
    let (recording, storing) = (|| Arc::clone(&recorder), || Arc::clone(&store));
    let grants = Grants::load(Arc::clone(&policies), recording(), storing(), clock.clone()).await?;
    let grants = Arc::new(grants);
    let config =
        HoldsConfig { plain_wait: parts.plain_wait, external_url: parts.external_url.clone() };
    let holds = Holds::new(recording(), storing(), Arc::clone(&grants), (clock.clone(), config));
    holds.restore().await?;
    let metrics = Metrics::new();
    let notifications = Notifications::start(
        &parts.notifications,
        &holds,
        metrics.notifications(),
        (storing(), clock.clone()),
    )?;
    let placeholders = placeholder_key(&parts.state_dir)?;
    let plans =
        Plans::load(holds.clone(), (storing(), recording()), (clock.clone(), placeholders.clone()))
            .await?;
    let streams = Streams::start(
        (parts.recordings, &parts.state_dir),
        (Arc::clone(&policies), Arc::clone(&grants)),
        clock.clone(),
    )?;
    Ok(Arc::new(Gateway {
        authenticator,
        auditors: parts.auditors,
        bodies: BodyRoom::default(),
        budgets: Budgets::load(&*store, clock.now()).await?,
        clock,
        clusters,
        external_url: parts.external_url,
        effects: Effects::default(),
        grants,
        holds,
        metrics,
        notifications,
        outcomes: Outcomes::default(),
        plans: Arc::new(plans),
        placeholders,
        policies,
        recorder,
        refused_upgrades: RefusedUpgrades::default(),
        store,
        streams: Arc::new(streams),
        undos: Undos { vault: Vault::open_in(&parts.state_dir)?, config: parts.undo },
    }))
}
