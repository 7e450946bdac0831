//! One session: a local port, a kubeconfig for it, a tunnel behind it, and word of what happens
//! to its requests.

mod folder;
mod in_plan;
pub(crate) mod watch;

use std::ffi::OsString;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use kguard::api::{Claims, SessionOutcome};
use tokio::sync::mpsc;
use tokio::time::timeout;
use uuid::Uuid;

use crate::certificates::LocalCa;
use crate::child::{self, Signals, Surroundings};
use crate::clusters::{ClusterCache, MAX_LIST_BYTES};
use crate::context::{Context, Target};
use crate::failure::{Failure, Kind};
use crate::kubeconfig::{self, Entry};
use crate::local_port::{self, LocalPort};
use crate::outcome::Cause;
use crate::tunnel::{Dialer, Tunnel};

use folder::SessionFolder;
pub(crate) use in_plan::InPlan;
use watch::{Patience, Watcher};

/// How many events may wait while the terminal is slow.
const EVENTS: usize = 64;

/// How long the gateway may take to say what became of the session's requests.
const LAST_QUESTION: Duration = Duration::from_secs(5);

/// More than that takes.
const MAX_OUTCOME_BYTES: usize = 4 << 10;

/// A session that is served as long as its future is polled.
pub(crate) struct Session {
    id: Uuid,
    folder: SessionFolder,
    tunnel: Tunnel,
    watcher: Watcher,
    plan: Option<InPlan>,
    is_aside: bool,
    /// Where the local port is.
    pub(crate) address: SocketAddr,
}

/// How a session serves clusters locally.
#[derive(Debug, Clone, Default)]
pub(crate) struct Serving {
    pub(crate) port: u16,
    pub(crate) direct: bool,
    /// The plan that it is for, if not the one that we run in ourselves.
    pub(crate) plan: Option<InPlan>,
}

impl Session {
    /// Opens the local port and starts to dial, without waiting for the gateway if the clusters
    /// are known already. `also` names clusters that have to be among them.
    pub(crate) async fn open(
        context: &Context,
        argv: Vec<String>,
        serving: Serving,
        also: Option<&str>,
    ) -> Result<Self, Failure> {
        let plan = match serving.plan.clone() {
            Some(plan) => Some(plan),
            None => InPlan::inherited(&context.environment)?,
        };
        let break_glass = break_glass(context)?;
        let target = context.target()?;
        target.require_token().await?;
        let cache = ClusterCache::new(&context.folders, &target);
        let chosen = context.cluster(&target.config).map(str::to_owned);
        let wanted: Vec<&str> = chosen.as_deref().into_iter().chain(also).collect();
        let names = cache.names(&target, &wanted).await?;
        let current = current(chosen.as_deref(), &names)?.to_owned();

        let ca = LocalCa::load(&context.folders)?;
        let ca_pem = ca.pem().to_owned();
        let client = ca.client()?;
        let (sender, events) = mpsc::channel(EVENTS);
        let id = plan.as_ref().map_or_else(Uuid::new_v4, |plan| plan.session);
        let tunnel = Tunnel::start(Dialer {
            gateway: target.gateway.clone(),
            ca: target.config.ca.clone(),
            tokens: target.tokens.clone(),
            session: id,
            plan: plan.as_ref().map(|plan| plan.of.clone()),
            keep_hold: keeps_holds(context),
            break_glass,
            events: sender,
        });
        let port = Arc::new(LocalPort {
            gateway: target.gateway.clone(),
            ca,
            tunnel: tunnel.clone(),
            claims: claims(context, argv),
        });
        let (entries, address) = serve(port, &names, &serving).await?;
        let folder = SessionFolder::create(&context.folders)?;
        folder.write_kubeconfig(&kubeconfig::render(&entries, &current, &ca_pem, &client))?;
        tokio::spawn(housekeeping(cache, tunnel.clone(), folder.sweeper()));
        let patience = context.common.approval_timeout;
        let watcher = Watcher::start(context.ui, events, Patience::new(patience, tunnel.clone()));
        Ok(Self { id, folder, tunnel, watcher, plan, is_aside: false, address })
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.kubeconfig()
    }

    /// The same for a program whose words are not what standard output is for.
    pub(crate) fn aside(self) -> Self {
        Self { is_aside: true, ..self }
    }

    /// Runs a program in the session; the result is the exit code.
    pub(crate) async fn run(
        self,
        context: &Context,
        program: &Path,
        arguments: &[OsString],
    ) -> Result<u8, Failure> {
        let surroundings = Surroundings {
            kubeconfig: &self.kubeconfig(),
            plan: self.plan.as_ref(),
            is_aside: self.is_aside,
        };
        let signals = Signals::listen()?;
        let mut child = child::spawn(program, arguments, &surroundings)?;
        let status = tokio::select! {
            status = signals.pass_on_to(&mut child) => status?,
            // What it waits for is kept for its next run, so nothing else would end it.
            () = self.watcher.gave_up() => {
                child::end(&mut child);
                child.wait().await?
            }
        };
        Ok(self.exit_code(context, status).await)
    }

    async fn exit_code(self, context: &Context, status: ExitStatus) -> u8 {
        if status.success() {
            return 0;
        }
        let mut outcome = self.watcher.outcome();
        if let Some(told) = self.told_outcome().await {
            outcome.note_told(told);
        }
        if let Some(error) = self.tunnel.trouble() {
            let failure = Failure::from(&*error);
            let cause = match failure.kind {
                Kind::NotLoggedIn => Some(Cause::NotLoggedIn),
                Kind::Unreachable => Some(Cause::Unreachable),
                // The program got the gateway's own words.
                _ => None,
            };
            if let Some(cause) = cause {
                context.ui.failure(&failure);
                outcome.note(cause);
            }
        }
        outcome.exit_code(child::exit_code(status))
    }

    /// What the gateway says of the session's requests. Events of theirs may still be on their way;
    /// this it knew before it answered the request of which the program failed.
    async fn told_outcome(&self) -> Option<SessionOutcome> {
        // A gateway that is going away answers nothing more, and has nothing to add.
        if self.tunnel.trouble().is_some() {
            return None;
        }
        let asked = async {
            let response = self.tunnel.get(&format!("/v1/sessions/{}/outcome", self.id)).await;
            let body = Limited::new(response.ok()?.into_body(), MAX_OUTCOME_BYTES).collect().await;
            serde_json::from_slice(&body.ok()?.to_bytes()).ok()
        };
        timeout(LAST_QUESTION, asked).await.ok().flatten()
    }
}

/// Starts serving, and tells where each cluster is.
async fn serve(
    port: Arc<LocalPort>,
    names: &[String],
    serving: &Serving,
) -> Result<(Vec<Entry>, SocketAddr), Failure> {
    let (listener, address) = bind(serving.port).await?;
    if !serving.direct {
        let entry = |name: &String| Entry {
            cluster: name.clone(),
            server: format!("https://{}", port.gateway.cluster_host(name)),
            proxy: Some(format!("http://{address}")),
        };
        let entries = names.iter().map(entry).collect();
        tokio::spawn(port.serve(listener));
        return Ok((entries, address));
    }
    let mut entries = Vec::new();
    let mut first = Some(listener);
    for (name, offset) in names.iter().zip(0..) {
        let listener = match first.take() {
            Some(listener) => listener,
            None if serving.port == 0 => bind(0).await?.0,
            None => bind(serving.port.saturating_add(offset)).await?.0,
        };
        let server = format!("https://{}", listener.local_addr()?);
        entries.push(Entry { cluster: name.clone(), server, proxy: None });
        tokio::spawn(Arc::clone(&port).serve_direct(listener, name.clone()));
    }
    Ok((entries, address))
}

async fn bind(port: u16) -> Result<(tokio::net::TcpListener, SocketAddr), Failure> {
    local_port::bind(port).await.map_err(|error| {
        let failure = Failure::of(Kind::Other, &error);
        Failure { message: format!("cannot open the local port {port}: {error}"), ..failure }
    })
}

/// The cluster that a session starts with.
pub(crate) async fn cluster(context: &Context) -> Result<String, Failure> {
    let target = context.target()?;
    target.require_token().await?;
    let chosen = context.cluster(&target.config).map(str::to_owned);
    let wanted: Vec<&str> = chosen.as_deref().into_iter().collect();
    let names = ClusterCache::new(&context.folders, &target).names(&target, &wanted).await?;
    current(chosen.as_deref(), &names).map(str::to_owned)
}

/// The context to start with.
fn current<'a>(chosen: Option<&'a str>, names: &'a [String]) -> Result<&'a str, Failure> {
    match chosen {
        Some(chosen) if names.iter().any(|name| name == chosen) => Ok(chosen),
        Some(chosen) => Err(Failure::usage(format_args!("there is no cluster `{chosen}` for you"))
            .hint("`kguard clusters` lists those you may reach")),
        None => names.first().map(String::as_str).ok_or_else(|| {
            Failure::new(Kind::Refused, "there is no cluster that you may reach")
                .hint("ask the gateway's operators; `kguard whoami` shows what they need to know")
        }),
    }
}

/// What we say of ourselves. Nobody believes it, but everybody may read it.
pub(crate) fn claims(context: &Context, argv: Vec<String>) -> Claims {
    let environment = &context.environment;
    let github = || {
        let server = environment.get("GITHUB_SERVER_URL")?;
        let repository = environment.get("GITHUB_REPOSITORY")?;
        let run = environment.get("GITHUB_RUN_ID")?;
        Some(format!("{server}/{repository}/actions/runs/{run}"))
    };
    let others = ["CI_JOB_URL", "BUILD_URL"].into_iter().find_map(|name| environment.get(name));
    Claims {
        argv,
        reason: reason(context).map(str::to_owned),
        run: github().or_else(|| others.map(str::to_owned)),
    }
}

/// Whether holds are to stay for the next run: if asked for, and in CI, where jobs are run again.
fn keeps_holds(context: &Context) -> bool {
    let in_ci = context.environment.get("CI").is_some_and(|ci| ["true", "1"].contains(&ci));
    context.common.keep_hold.unwrap_or(in_ci)
}

fn reason(context: &Context) -> Option<&str> {
    let by_option = context.common.reason.as_deref();
    by_option.or_else(|| context.environment.get("KGUARD_REASON"))
}

/// The reason why nobody is waited for, if nobody is to be; and a word about what that means.
fn break_glass(context: &Context) -> Result<Option<String>, Failure> {
    if !context.break_glass {
        return Ok(None);
    }
    let reason = reason(context).map(str::trim).filter(|reason| !reason.is_empty());
    let reason = reason.ok_or_else(|| {
        Failure::usage("--break-glass needs a reason")
            .hint("kguard --break-glass --reason 'the shop is down' kubectl …")
    })?;
    context.ui.warn(
        "BREAK-GLASS: what a policy lets you run without its approval runs at once. Every run is \
         told to the approvers, recorded, and has to be reviewed by one of them.",
    );
    Ok(Some(reason.to_owned()))
}

/// What need not be done before the program starts: asks for clusters that are new, and removes
/// what sessions that were killed left behind.
async fn housekeeping(cache: ClusterCache, tunnel: Tunnel, sweep: impl Future<Output = ()>) {
    sweep.await;
    if cache.is_fresh() {
        return;
    }
    let Ok(response) = tunnel.get("/v1/clusters").await else { return };
    let Ok(body) = Limited::new(response.into_body(), MAX_LIST_BYTES).collect().await else {
        return;
    };
    if let Ok(clusters) = serde_json::from_slice(&body.to_bytes()) {
        // The list that is there serves as well.
        let _ = cache.remember(clusters);
    }
}

impl Target {
    /// Whether there is a token at all, before anything is started for nothing.
    pub(crate) async fn require_token(&self) -> Result<(), Failure> {
        self.tokens.get().await.map(drop).map_err(Failure::from)
    }
}
