//! A write of a session that plans: looked at, sent as a dry run, noted.

use std::sync::Arc;

use http::StatusCode;
use kguard::api::plans::{Action, RefusedWrite};
use kguard::kube::request_info::Verb;
use kguard::plan::chain::Fate;
use kguard::policy::HoldTerms;

use super::slot::{Noted, Slot};
use super::turn::{Turn, described, in_words};
use super::{digest, imagined, looks};
use crate::decide::{Deciding, Subject, Verdict};
use crate::live::{Change, LiveObjects, WouldRefuse};
use crate::request::{KubeRequest, Payload};

/// What is shown of a Secret that keeps a release.
const RELEASE: &str = "# helm's record of the release\n";

/// Why the approval of a plan does not cover a write that could be tried.
pub(super) const TOO_LONG: &str = "its difference is too long to be shown in a plan";

/// Why a write is in no plan that runs with groups besides the caller's own: what the API server says to
/// them is not for him before somebody has approved that he gets them.
const ELEVATED: &str = "it would run with more groups than your own, which each request is given alone; \
                        leave it out";

/// What the API server says of a write ahead.
enum Ahead {
    /// It would do this.
    Does(Box<Change>),
    /// It cannot say, for this reason.
    Unknown(String),
}

/// Takes a write into the plan, or says why it is none of it.
pub(super) async fn turn(
    slot: &Arc<Slot>,
    verdict: Verdict,
    deciding: &Deciding<'_>,
) -> (Verdict, Turn) {
    let request = verdict.subject().request();
    if let Verdict::Deny(denial) = &verdict {
        let why = denial.message.clone();
        return refuse(slot, (verdict, why), |verdict, _| verdict);
    }
    let elevated = Some(ELEVATED).filter(|_| !verdict.subject().elevated().is_empty());
    if let Some(why) = elevated.or_else(|| unplannable(request)) {
        let in_words = in_words(&request.info, &request.object_name());
        let message = format!("kguard plans, and cannot plan to {in_words}: {why}");
        return refuse(slot, (verdict, message), Verdict::refuse_in_plan);
    }
    if !slot.has_room() {
        let message = "there are too many writes in this plan; split it up".to_owned();
        return refuse(slot, (verdict, message), Verdict::refuse_in_plan);
    }
    let digested = digest::of_write(verdict.subject(), deciding.placeholders);
    let is_release = digested.is_release;
    let write = described(verdict.subject(), digested);
    let so_far = slot.fate(&request.info, &write.name);
    let (verdict, ahead) = match look(slot, verdict, deciding).await {
        Ok(looked) => looked,
        Err(verdict) => {
            let why = "the cluster would refuse it".to_owned();
            return refuse(slot, (*verdict, why), |verdict, _| verdict);
        }
    };
    let mut noted = Noted { write, fate: Fate::Changed, terms: None, reservation: None };
    match ahead {
        Ahead::Does(change) => {
            foresee(&mut noted, (&change, is_release), (verdict.subject(), deciding));
            if so_far.is_some() {
                let why = "this plan changes the object before, too".to_owned();
                noted.write.unforeseen = Some(why);
                noted.write.saw = None;
            }
            rehearse(slot, (verdict, noted), deciding).await
        }
        Ahead::Unknown(why) => {
            // helm marks a release that it has just recorded as deployed. All of that is known.
            let keeps_record = is_release && matches!(so_far, Some(Fate::Created(_)));
            if keeps_record && noted.write.request.verb == Verb::Update {
                RELEASE.clone_into(&mut noted.write.diff);
            } else {
                noted.write.unforeseen = Some(why);
            }
            imagine(slot, (verdict, noted), so_far.as_ref())
        }
    }
}

/// Notes what a write would do to the object that is there.
fn foresee(
    noted: &mut Noted,
    (change, is_release): (&Change, bool),
    (subject, deciding): (&Subject, &Deciding<'_>),
) {
    let stored = change.old_object.known();
    noted.write.saw = looks::saw(&noted.write.request, stored, deciding.placeholders);
    let (action, diff) = looks::effect(change, subject, deciding);
    noted.write.action = action;
    // What is deleted is told by its name.
    if looks::is_cut(&diff) && !is_release && action != Action::Delete {
        noted.write.unforeseen = Some(TOO_LONG.to_owned());
    }
    noted.write.diff = if is_release { RELEASE.to_owned() } else { diff };
    noted.fate = match action {
        Action::Create => Fate::Created(change.object.known().cloned()),
        Action::Delete => Fate::Deleted,
        Action::Change | Action::Nothing => Fate::Changed,
    };
}

/// Lets a request through that the command itself only tries, and that would be held: it is no part of
/// the plan.
pub(super) async fn tried(verdict: Verdict, deciding: &Deciding<'_>) -> Verdict {
    let Verdict::Hold(held) = verdict else { return verdict };
    let live = LiveObjects::of(deciding.cluster, held.subject().identity());
    match live.dry_run_of(&held.subject().request().info).await {
        Some(proof) => {
            let (permit, _) = held.rehearsed(proof, (deciding.budgets, deciding.now));
            Verdict::Allow(Box::new(permit))
        }
        None => Verdict::Hold(held),
    }
}

/// Has the API server try a write. An error is its refusal.
async fn look(
    slot: &Slot,
    verdict: Verdict,
    deciding: &Deciding<'_>,
) -> Result<(Verdict, Ahead), Box<Verdict>> {
    let subject = verdict.subject();
    let (info, name) = (&subject.request().info, subject.request().object_name());
    let explained = |code: StatusCode| slot.explains((info, &name), code).map(Ahead::Unknown);
    if let Verdict::Futile(futile) = &verdict {
        return match explained(futile.status()) {
            Some(ahead) => Ok((verdict, ahead)),
            None => Err(verdict.into()),
        };
    }
    let live = LiveObjects::of(deciding.cluster, subject.identity());
    let change = match Box::pin(live.change(subject.request(), true)).await {
        Ok(change) => change,
        Err(WouldRefuse(response)) => {
            return match explained(response.status()) {
                Some(ahead) => Ok((verdict, ahead)),
                None => Err(verdict.give_up(response).into()),
            };
        }
    };
    if let Some(why) = looks::unknown(&change) {
        let ahead = Ahead::Unknown(why.to_owned());
        return Ok((verdict, ahead));
    }
    // A delete is not tried here.
    let is_gone = info.verb == Verb::Delete && change.old_object.known().is_none();
    let ahead = match explained(StatusCode::NOT_FOUND).filter(|_| is_gone) {
        Some(ahead) => ahead,
        None => Ahead::Does(Box::new(change)),
    };
    Ok((verdict, ahead))
}

/// Sends a write as a dry run, and notes it if the API server takes it.
async fn rehearse(
    slot: &Arc<Slot>,
    (verdict, mut noted): (Verdict, Noted),
    deciding: &Deciding<'_>,
) -> (Verdict, Turn) {
    let subject = verdict.subject();
    let live = LiveObjects::of(deciding.cluster, subject.identity());
    let Some(proof) = Box::pin(live.dry_run_of(&subject.request().info)).await else {
        noted.write.unforeseen =
            Some("its API server does not say that it knows dry runs".to_owned());
        let so_far = slot.fate(&noted.write.request, &noted.write.name);
        return imagine(slot, (verdict, noted), so_far.as_ref());
    };
    let is_foreseen = noted.write.unforeseen.is_none();
    let (permit, reservation) = match verdict {
        Verdict::Allow(permit) => permit.rehearsed(proof),
        Verdict::Hold(held) => {
            hold(&mut noted, held.terms(), is_foreseen);
            held.rehearsed(proof, (deciding.budgets, deciding.now))
        }
        other => return (other, Turn::Nothing),
    };
    noted.reservation = Some(reservation);
    let turn = Turn::Planned(Arc::clone(slot), Box::new(noted));
    (Verdict::Allow(Box::new(permit)), turn)
}

/// Answers a write as if it were done.
fn imagine(
    slot: &Arc<Slot>,
    (verdict, mut noted): (Verdict, Noted),
    so_far: Option<&Fate>,
) -> (Verdict, Turn) {
    let subject = verdict.subject();
    let Some((response, fate)) = imagined::answer(subject.request(), so_far) else {
        let in_words = in_words(&noted.write.request, &noted.write.name);
        let why = noted.write.unforeseen.unwrap_or_default();
        let message = format!(
            "kguard plans, and cannot plan to {in_words}: {why}, and what would become of it cannot be told"
        );
        return refuse(slot, (verdict, message), Verdict::refuse_in_plan);
    };
    noted.write.action = match &fate {
        Fate::Created(_) if noted.write.unforeseen.is_some() => Action::Create,
        Fate::Deleted => Action::Delete,
        Fate::Changed | Fate::Created(_) => Action::Change,
    };
    noted.fate = fate;
    if let Verdict::Hold(held) = &verdict {
        let is_foreseen = noted.write.unforeseen.is_none();
        hold(&mut noted, held.terms(), is_foreseen);
    }
    let why = match &noted.write.unforeseen {
        Some(why) => why.clone(),
        None => "this plan creates the object".to_owned(),
    };
    let turn = Turn::Planned(Arc::clone(slot), Box::new(noted));
    (verdict.imagine(response, why), turn)
}

/// Notes by which policy a write is held. The plan's approval covers what is foreseen.
fn hold(noted: &mut Noted, terms: &HoldTerms, is_foreseen: bool) {
    noted.write.policy = Some(terms.policy.clone());
    noted.terms = is_foreseen.then(|| terms.clone());
}

/// Notes that a write is none of the plan's.
fn refuse(
    slot: &Slot,
    (verdict, why): (Verdict, String),
    refusal: impl FnOnce(Verdict, String) -> Verdict,
) -> (Verdict, Turn) {
    let request = verdict.subject().request();
    slot.refuse(RefusedWrite {
        method: request.method.to_string(),
        request: Arc::clone(&request.info),
        name: request.object_name(),
        why: why.clone(),
    });
    (refusal(verdict, why), Turn::Nothing)
}

/// Why a request can be in no plan.
fn unplannable(request: &KubeRequest) -> Option<&'static str> {
    let info = &request.info;
    match info.subresource() {
        "attach" | "exec" | "portforward" => {
            Some("what a program does in a container cannot be tried ahead; leave it out")
        }
        "proxy" => Some("what is behind a proxy cannot be tried ahead; leave it out"),
        "binding" | "token" => Some("it cannot be tried ahead without its effect; leave it out"),
        _ if info.verb == Verb::DeleteCollection => {
            Some("what it would delete cannot be bound to what approvers see; delete by name")
        }
        _ if info.verb != Verb::Create && matches!(request.payload, Payload::Opaque { .. }) => {
            Some("its body is protobuf, which cannot be bound to what approvers see; send JSON")
        }
        _ if info.resource.is_none() => Some("it is no request about an object"),
        _ => None,
    }
}
