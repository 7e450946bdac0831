//! The life of a request, in the order in which things happen. Everything else in this crate is a
//! stage of it, or carries requests to it.
//!
//! What keeps the order is not this file but the types: a [`Permit`](crate::decide::Permit) is
//! made by deciding or by an approval, sending takes it and a
//! [`Committed`](crate::entry::Committed) entry by value, and what comes back is
//! [`Unmasked`](crate::forward::Unmasked), from which only masking leads to an answer.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use kguard::api::{SessionEvent, SessionOutcome};
use kguard::identity::Caller;
use kguard::kube::request_info::Verb;
use kguard::kube::status::Reason;
use uuid::Uuid;

use crate::answer;
use crate::answer_body::AnswerBody;
use crate::authenticate::Authenticated;
use crate::classify::{self, Unclassified};
use crate::cluster::Cluster;
use crate::decide::{Deciding, Denial, Futile, Held, Permit, Verdict};
use crate::effect::Matter;
use crate::entry::Entry;
use crate::forward::{self, PooledBody, Unmasked};
use crate::gateway::Gateway;
use crate::hold::{Approval, NotReleased, may_break_glass};
use crate::live::{Bond, Bound, LiveObjects, NotBound};
use crate::mask;
use crate::plans::Turn;
use crate::refused_upgrades::Asked;
use crate::request::{KubeRequest, Origin, WEBSOCKET};
use crate::review::Question;
use crate::stopped::Stopped;
use crate::undo;

/// A request as it arrived, with what is known of its way here.
pub struct Arrival {
    /// The HTTP request.
    pub request: Request<Incoming>,
    /// The path at the cluster.
    pub path: String,
    /// Who says that he sends it.
    pub credential: Credential,
    /// Where it comes from and where it goes.
    pub origin: Arc<Origin>,
}

/// How the caller proves who he is.
pub enum Credential {
    /// With a bearer token, on this request.
    Bearer(Option<kguard::redact::Secret<String>>),
    /// With a bearer token, on the tunnel's stream that the request came through.
    Stream(Authenticated),
}

/// Serves one request.
pub async fn serve(gateway: &Gateway, arrival: Arrival) -> Response<AnswerBody> {
    let timer = gateway.metrics.request();
    let path = arrival.path.clone();
    let result = run(gateway, arrival).await;
    let response = result.unwrap_or_else(|stopped| answer::stopped_at(&path, &stopped));
    timer.answered(response.status());
    response
}

/// Serves a request that the gateway has put together for a caller who asked it to.
pub async fn serve_own(
    gateway: &Gateway,
    (caller, request): (Arc<Caller>, Request<Full<Bytes>>),
    origin: Arc<Origin>,
) -> Response<AnswerBody> {
    let timer = gateway.metrics.request();
    let path = request.uri().path().to_owned();
    let entry = Entry::open(gateway, origin);
    let result = Box::pin(run_as(gateway, (caller, entry), (request, path))).await;
    let response = result.unwrap_or_else(|stopped| answer::stopped(&stopped));
    timer.answered(response.status());
    response
}

async fn run(gateway: &Gateway, arrival: Arrival) -> Result<Response<AnswerBody>, Stopped> {
    let Arrival { request, path, credential, origin } = arrival;
    let entry = Entry::open(gateway, origin);
    let caller = authenticate(gateway, credential).await?;
    run_as(gateway, (caller, entry), (request, path)).await
}

async fn run_as<B>(
    gateway: &Gateway,
    (caller, entry): (Arc<Caller>, Entry),
    (request, path): (Request<B>, String),
) -> Result<Response<AnswerBody>, Stopped>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let method = request.method().clone();
    let (cluster, request) =
        match understand(gateway, request, (&path, &entry.origin().cluster), &caller).await {
            Ok(understood) => understood,
            Err(error) => {
                entry.reject(&caller, (method.as_str(), &path), &error.to_string()).await?;
                return Err(error);
            }
        };
    let part = match gateway.plans.part(entry.origin(), &caller) {
        Ok(part) => part,
        Err(error) => {
            entry.reject(&caller, (method.as_str(), &path), &error.to_string()).await?;
            return Err(error.into());
        }
    };
    if let Some(refused) = refused_before(gateway, &request, (&caller, entry.origin())) {
        return Err(refused);
    }
    let policies = gateway.policies.current();
    // To whom something was granted, it was granted as himself; a plan is approved by itself.
    let lifts = match request.impersonation {
        None if part.is_none() => gateway.grants.lifts(&caller),
        _ => Vec::new(),
    };
    let deciding = Deciding {
        policies: &policies,
        mode: gateway.policies.mode(),
        cluster: &cluster,
        budgets: &gateway.budgets,
        lifts: &lifts,
        elevates: part.is_none(),
        placeholders: &gateway.placeholders,
        now: gateway.clock.now(),
    };
    // As long as its request is anywhere.
    let _room = request.room.clone();
    let question = Question::of(&request, &caller);
    let verdict = deciding.decide(caller, request).await;
    // Boxed, as it is rare and big.
    let (verdict, turn) = match part {
        Some(part) => Box::pin(part.turn(&gateway.plans, verdict, &deciding)).await,
        None => (verdict, Turn::Nothing),
    };
    let unmasked = carry_out(gateway, (&deciding, verdict), entry).await?;
    let unmasked = match question {
        Some(question) => Box::pin(question.complete(unmasked, &deciding)).await?,
        None => unmasked,
    };
    let unmasked = turn.answered(unmasked);
    let masked = mask::mask(unmasked, (&gateway.placeholders, &gateway.streams)).await?;
    Ok(masked.into_response())
}

/// Does what was decided: sends the request, at once or once it is approved, or refuses it.
async fn carry_out(
    gateway: &Gateway,
    (deciding, verdict): (&Deciding<'_>, Verdict),
    entry: Entry,
) -> Result<Unmasked, Stopped> {
    let cluster = deciding.cluster;
    match verdict {
        Verdict::Allow(permit) => send(gateway, (deciding, *permit), entry).await,
        Verdict::Deny(denial) => Err(deny(gateway, &denial, &entry).await?),
        // Boxed, as everything below that is rare and big: a connection has room for the largest
        // future of all, and every request's is moved there.
        Verdict::Futile(futile) => Box::pin(give_up(cluster, *futile, entry)).await,
        Verdict::Hold(mut held) => match Box::pin(bind(&mut held, cluster, &entry)).await? {
            Binding::Bound(matter) => {
                let permit = Box::pin(wait((gateway, deciding), *held, matter, &entry)).await?;
                send(gateway, (deciding, permit), entry).await
            }
            Binding::Futile(response) => {
                Box::pin(give_up(cluster, held.refused(*response), entry)).await
            }
        },
    }
}

/// A request that can be decided on, and where it goes. Whatever stops it here is the client's doing,
/// or too much of it.
async fn understand<B>(
    gateway: &Gateway,
    request: Request<B>,
    (path, cluster): (&str, &str),
    caller: &Caller,
) -> Result<(Arc<Cluster>, KubeRequest), Stopped>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let cluster = gateway.cluster(cluster)?;
    let (parts, body) = request.into_parts();
    let room = match gateway.bodies.take(&caller.name, &body.size_hint()) {
        Ok(room) => room,
        Err(error) => {
            // A client that still writes would see a broken connection instead of the answer.
            classify::discard(body).await;
            return Err(error.into());
        }
    };
    let head = classify::head(parts, path)?.in_room(room);
    Ok((cluster, head.with_body(Uuid::now_v7(), body).await?))
}

/// Sends what may be sent, once that is recorded.
async fn send(
    gateway: &Gateway,
    (deciding, mut permit): (&Deciding<'_>, Permit),
    entry: Entry,
) -> Result<Unmasked, Stopped> {
    let cluster = deciding.cluster;
    if !permit.grants().is_empty() {
        Box::pin(use_grants(gateway, &permit, &entry)).await?;
    }
    let upgrade = permit.subject().request().upgrade.as_ref();
    let opened = if upgrade.is_some_and(|upgrade| upgrade.watch.is_none()) {
        // Boxed, as it is rare and big.
        let opening = gateway.streams.open((cluster, &permit), deciding.policies);
        Some(Box::pin(opening).await?)
    } else {
        None
    };
    // Boxed, as it is rare: of what needed an approval.
    let kept = Box::pin(undo::keep(gateway, cluster, &mut permit)).await;
    let committed = entry.commit(&permit).await?;
    let unmasked = forward::send(cluster, (permit, opened), committed).await?;
    match kept {
        Some(kept) => Ok(Box::pin(kept.settle(gateway, unmasked)).await?),
        None => Ok(unmasked),
    }
}

/// Counts a use of the grants that a request runs on; one may have ended since it was decided on.
async fn use_grants(gateway: &Gateway, permit: &Permit, entry: &Entry) -> Result<(), Stopped> {
    let Err(error) = gateway.grants.take(permit.grants()).await else { return Ok(()) };
    entry.refuse_unused(permit, &error.to_string()).await?;
    let request = Arc::clone(&permit.subject().request().info);
    Err(Stopped::Held { request, error: error.into() })
}

/// Records a refusal, and tells the session that it belongs to.
async fn deny(gateway: &Gateway, denial: &Denial, entry: &Entry) -> Result<Stopped, Stopped> {
    entry.refuse(denial).await?;
    let message = denial.explain();
    let request = Arc::clone(&denial.subject().request().info);
    if denial.reason != Reason::Forbidden {
        return Ok(Stopped::Unwritable {
            request,
            message,
            reason: denial.reason,
            field: denial.field.clone(),
            object: denial.subject().request().kind_and_name(),
        });
    }
    remember(gateway, denial, (entry.origin(), &message));
    let event = SessionEvent::Refused { policy: denial.policy.clone(), message: message.clone() };
    let (session, caller) = (entry.origin().session, denial.subject().caller());
    gateway.outcomes.note(session, caller, SessionOutcome { refused: true, timed_out: false });
    gateway.holds.tell(session, &caller.name, event);
    Ok(Stopped::Denied { request, message })
}

/// The refusal of a stream that was asked for a moment ago over WebSocket.
fn refused_before(
    gateway: &Gateway,
    request: &KubeRequest,
    (caller, origin): (&Caller, &Origin),
) -> Option<Stopped> {
    let upgrade = request.upgrade.as_ref().filter(|upgrade| upgrade.protocol != WEBSOCKET);
    let asked = upgrade.and_then(|_| Asked::of(request, caller, origin))?;
    let message = gateway.refused_upgrades.again(&asked)?.to_string();
    Some(Stopped::Denied { request: Arc::clone(&request.info), message })
}

/// Remembers the refusal of a stream over WebSocket, since kubectl will ask once more.
fn remember(gateway: &Gateway, denial: &Denial, (origin, message): (&Origin, &str)) {
    let (request, caller) = (denial.subject().request(), denial.subject().caller());
    let is_first = request.upgrade.as_ref().is_some_and(|upgrade| upgrade.protocol == WEBSOCKET);
    if let Some(asked) = Asked::of(request, caller, origin).filter(|_| is_first) {
        gateway.refused_upgrades.remember(asked, message);
    }
}

async fn authenticate(gateway: &Gateway, credential: Credential) -> Result<Arc<Caller>, Stopped> {
    match credential {
        Credential::Bearer(None) => Err(Stopped::Anonymous),
        Credential::Bearer(Some(token)) => {
            Ok(gateway.authenticator.authenticate(token.expose()).await?.caller)
        }
        Credential::Stream(authenticated) if authenticated.is_over(gateway.clock.now()) => {
            Err(Stopped::Expired)
        }
        Credential::Stream(authenticated) => Ok(authenticated.caller),
    }
}

/// Passes on that the API server would refuse the request, once that is recorded.
async fn give_up(cluster: &Cluster, futile: Futile, entry: Entry) -> Result<Unmasked, Stopped> {
    let committed = entry.give_up(&futile).await?;
    let (subject, response) = futile.into_parts();
    Ok(forward::refuse(cluster, subject, response, committed)?)
}

/// What a caller is told of a request that is refused even with the groups that it would run with.
const FUTILE_ELEVATED: &str = "this needs an approval, and the cluster would refuse it even with the \
                               groups that it would run with; ask those who approve";

/// What comes of binding a held request.
enum Binding {
    /// What is kept of it, to show what it would do.
    Bound(Arc<Matter>),
    /// The API server would refuse it.
    Futile(Box<Response<PooledBody>>),
}

/// Binds a held request to the object that is there now, which is shown to the approvers.
async fn bind(held: &mut Held, cluster: &Cluster, entry: &Entry) -> Result<Binding, Stopped> {
    let error = match bound(held, cluster).await {
        Ok(bound) => {
            held.bind(bound.bond.clone());
            return Ok(Binding::Bound(Arc::new(Matter::of(held, cluster.name(), bound))));
        }
        // What the API server says to more groups than the caller's own is not for him, until
        // somebody has approved that he gets them.
        Err(Unbound::Futile(_)) if !held.subject().elevated().is_empty() => {
            let request = Arc::clone(&held.subject().request().info);
            Stopped::Denied { request, message: FUTILE_ELEVATED.to_owned() }
        }
        Err(Unbound::Futile(response)) => return Ok(Binding::Futile(Box::new(response))),
        Err(Unbound::Stopped(error)) => error,
    };
    entry.refuse_held(held, None).await?;
    Err(error)
}

/// Why a held request is not bound.
enum Unbound {
    Futile(Response<PooledBody>),
    Stopped(Stopped),
}

async fn bound(held: &Held, cluster: &Cluster) -> Result<Bound, Unbound> {
    let (subject, stopped) = (held.subject(), Unbound::Stopped);
    let request = subject.request();
    if request.info.verb == Verb::DeleteCollection {
        return Err(stopped(Stopped::UnboundDelete));
    }
    let live = LiveObjects::of(cluster, subject.identity());
    let bound = live.bind(request, held.seen()).await.map_err(|not_bound| match not_bound {
        NotBound::Error(error) => stopped(error.into()),
        NotBound::Futile(response) => Unbound::Futile(response),
    })?;
    // What the client is bound to itself has to agree.
    if let Some(Bond::Version(seen)) = &bound.bond {
        request
            .bound_to(&seen.object)
            .map_err(|error| stopped(Unclassified::from(error).into()))?;
    }
    Ok(bound)
}

/// Waits for somebody's approval, of just this request on just the object that is there now.
async fn wait(
    (gateway, deciding): (&Gateway, &Deciding<'_>),
    held: Held,
    matter: Arc<Matter>,
    entry: &Entry,
) -> Result<Permit, Stopped> {
    let broken = entry.origin().break_glass.as_deref().filter(|_| may_break_glass(&held));
    let released = match broken {
        Some(reason) => gateway.holds.break_glass((&held, reason), matter, entry).await,
        None => gateway.holds.wait(&held, matter, entry).await,
    };
    let released = match released {
        Ok(approval) => confirmed((gateway, deciding), &held, approval).await,
        refused => refused,
    };
    match released {
        Ok(approval) => Ok(held.release(approval, &gateway.budgets, gateway.clock.now())),
        Err(NotReleased::Trail(error)) => Err(error.into()),
        Err(error) => {
            if !error.goes_on() {
                entry.refuse_held(&held, error.hold()).await?;
            }
            let caller = held.subject().caller();
            gateway.outcomes.note(entry.origin().session, caller, error.outcome());
            Err(Stopped::Held { request: Arc::clone(&held.subject().request().info), error })
        }
    }
}

/// The approval, if the policies have not become others while it was waited for, or if these agree.
async fn confirmed(
    (gateway, deciding): (&Gateway, &Deciding<'_>),
    held: &Held,
    approval: Approval,
) -> Result<Approval, NotReleased> {
    let policies = gateway.policies.current();
    if std::ptr::eq(Arc::as_ptr(&policies), deciding.policies) {
        return Ok(approval);
    }
    // Grants are of the policies that they were given under, and are counted when they are used.
    let today = Deciding { policies: &policies, now: gateway.clock.now(), ..*deciding };
    match today.confirm(held).await {
        Ok(()) => Ok(approval),
        Err(why) => Err(NotReleased::Unconfirmed { hold: approval.hold().to_owned(), why }),
    }
}
