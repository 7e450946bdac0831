//! Decides on a classified request, and makes the permit without which nothing is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use kguard::audit::record::{Observed, Outcome, PreImage};
use kguard::identity::Caller;
use kguard::kube::request_info::Verb;
use kguard::kube::status::Reason;
use kguard::mask::{Echo, MaskRules, PlaceholderKey, TextPlan};
use kguard::policy::capability::Capabilities;
use kguard::policy::{
    Candidates, Charge, Decision, Facts, HoldTerms, Lift, Needs, Object, Objects, PolicySet, Ruling,
};

use crate::budgets::{Budgets, Reservation};
use crate::cluster::Cluster;
use crate::forward::PooledBody;
use crate::hold::{Approval, Approved};
use crate::impersonate::{self, Refusal};
use crate::incoming::{self, Unprepared};
use crate::known_values;
use crate::live::{Bond, Change, LiveObjects, Seen, StoresNothing, WouldRefuse};
use crate::policies::Mode;
use crate::request::KubeRequest;
use crate::streams::policy_query;

/// What is written down of an argument that could not be masked.
const WITHHELD: &str = "[withheld]";

/// What the policies say.
#[must_use]
pub enum Verdict {
    /// It may be sent.
    Allow(Box<Permit>),
    /// It is refused.
    Deny(Box<Denial>),
    /// It waits for an approval.
    Hold(Box<Held>),
    /// The API server would refuse it, so that there is nothing to decide on.
    Futile(Box<Futile>),
}

/// The right to send one request once, for one caller. Made here alone, and consumed by sending.
///
/// Its fields are private and it cannot be cloned: a request that was not decided, or was decided
/// differently, cannot be sent.
#[derive(Debug)]
pub struct Permit {
    subject: Subject,
    policy: Option<String>,
    hold: Option<String>,
    grants: Vec<String>,
    break_glass: Option<String>,
    reservation: Reservation,
    bond: Option<Bond>,
    pre_image: Option<PreImage>,
}

/// A request that waits. Turned into a permit by an approval of it, and by nothing else.
#[derive(Debug)]
pub struct Held {
    subject: Subject,
    terms: HoldTerms,
    charges: Vec<Charge>,
    /// The grants without which others would hold it too.
    grants: Vec<String>,
    bond: Option<Bond>,
}

/// A refused request and why.
#[derive(Debug)]
pub struct Denial {
    subject: Subject,
    /// The policy, or none if no policy allows the request.
    pub policy: Option<String>,
    /// What the caller is told.
    pub message: String,
    /// The kind of refusal.
    pub reason: Reason,
    /// The field that is in the way, if it is one.
    pub field: Option<String>,
    refused_by: RefusedBy,
}

/// Whose word a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RefusedBy {
    /// What is masked for the caller: policies may well allow the request.
    Masking,
    /// The plan that the request is, or is not, part of.
    Plan,
    /// The policies.
    Policies,
}

/// A request that the API server would refuse, by its answer to a dry run.
pub struct Futile {
    subject: Subject,
    response: http::Response<PooledBody>,
    why: Unsent,
}

/// Why a request is answered that is not sent.
#[derive(Debug, Clone)]
pub enum Unsent {
    /// It is part of a plan, and cannot be tried before what comes first in the plan has run.
    Planned(String),
    /// The API server would refuse it.
    Refused,
}

/// Who asks for what, and what he may see of the answer.
#[derive(Debug)]
pub struct Subject {
    caller: Arc<Caller>,
    /// As whom the request runs: the caller himself, unless he acts as somebody else.
    identity: Arc<Caller>,
    /// The groups that `identity` has besides those that are the caller's own.
    elevated: Vec<String>,
    request: KubeRequest,
    masks: Arc<MaskRules>,
    /// What came with the request of the values that the answer may hold.
    echo: Echo,
    /// How the text of the answer is masked, if it is one.
    text: Option<Arc<TextPlan>>,
    /// The query as it may be written down.
    noted_query: Vec<(String, String)>,
    findings: Findings,
}

/// What the caller may see of an answer.
#[derive(Debug)]
pub struct Shown {
    /// What is masked for him.
    pub masks: Arc<MaskRules>,
    /// What he knows already, and is shown as a constant.
    pub echo: Echo,
    /// How text is masked, if it is.
    pub text: Option<Arc<TextPlan>>,
}

/// What was found on the way to a decision, for the record.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// What the request carries.
    pub carried: Capabilities,
    /// What policies that only observe would have decided, where that is something else.
    pub observed: Option<Observed>,
}

/// What a decision is made with.
#[derive(Clone, Copy)]
pub struct Deciding<'a> {
    /// The policies.
    pub policies: &'a PolicySet,
    /// Whether they are in force.
    pub mode: Mode,
    /// The cluster, for what they look at.
    pub cluster: &'a Cluster,
    /// What callers have spent.
    pub budgets: &'a Budgets,
    /// The caller's grants.
    pub lifts: &'a [Lift],
    /// Whether a request that is held runs with the groups that its policy adds. Those of a plan do
    /// not: they are tried, and answered, before anybody has approved anything.
    pub elevates: bool,
    /// Makes what stands in for masked values.
    pub placeholders: &'a PlaceholderKey,
    /// The moment.
    pub now: Timestamp,
}

impl Deciding<'_> {
    /// Asks the policies.
    pub async fn decide(self, caller: Arc<Caller>, request: KubeRequest) -> Verdict {
        let mut subject = Subject::new(self.policies, self.cluster, (caller, request));
        if let Some(mask) = mask_read_by_patch(&subject) {
            let message = format!(
                "the mask `{mask}` covers what this JSON patch tests, copies or moves; patch it \
                 with `add`, `replace` and `remove` instead"
            );
            return Verdict::deny(subject, Some(mask), message, RefusedBy::Masking);
        }
        if let Some(impersonation) = &subject.request.impersonation {
            let allowed =
                impersonate::authorize(&self, self.cluster, &subject.caller, impersonation);
            // Boxed, as everything here that is rare and big.
            if let Err(Refusal { policy, message }) = Box::pin(allowed).await {
                return Verdict::forbid(subject, policy, message);
            }
        }
        // Before anything is looked at: it is as whom it will run that the API server is asked.
        let elevation = self.elevation(&subject);
        subject.elevate(elevation);
        match Box::pin(known_values::plan(self.cluster, &subject)).await {
            Ok(plan) => subject.set_text(plan),
            Err(unknown) => {
                let (message, reason) = (unknown.to_string(), unknown.reason());
                let (policy, field, refused_by) = (None, None, RefusedBy::Masking);
                let denial = Denial { subject, policy, message, reason, field, refused_by };
                return Verdict::Deny(Box::new(denial));
            }
        }
        let prepared = incoming::prepare(self.cluster, &mut subject, self.placeholders);
        if let Err(unprepared) = Box::pin(prepared).await {
            return Verdict::Deny(Box::new(Denial::of(subject, &unprepared)));
        }
        let (ruling, seen) = match self.rule(&subject).await {
            Ok(ruled) => ruled,
            Err(WouldRefuse(response)) if self.mode == Mode::Enforce => {
                return Verdict::futile(subject, response);
            }
            // It will say so itself.
            Err(WouldRefuse(_)) => (Ruling::default(), None),
        };
        let ruling = match self.mode {
            Mode::Enforce => ruling,
            Mode::Observe => ruling.only_observed(),
        };
        subject.findings.carried = ruling.carried;
        self.settle(subject, ruling, seen)
    }

    /// With which groups besides his own a caller's request will run once it is approved. Who acts
    /// as somebody else gets none: whose groups they would be is nothing that an approver could see.
    fn elevation(&self, subject: &Subject) -> Vec<String> {
        if !self.elevates || self.mode == Mode::Observe || subject.request.impersonation.is_some() {
            return Vec::new();
        }
        let info = &subject.request.info;
        let query = policy_query(info, subject.request.query.pairs());
        let (caller, cluster) = (&*subject.caller, self.cluster.name());
        let facts = Facts { request: info, query: &query, caller, cluster };
        self.policies.candidates(&facts).lifted_by(self.lifts).elevation(self.now)
    }

    /// What the policies say, and on what they have seen: of the caller, and of the one as whom he
    /// acts as well, since neither gets more by way of the other.
    async fn rule(&self, subject: &Subject) -> Result<(Ruling, Option<Seen>), WouldRefuse> {
        let info = &subject.request.info;
        let query = policy_query(info, subject.request.query.pairs());
        let facts =
            |caller| Facts { request: info, query: &query, caller, cluster: self.cluster.name() };
        let asking = self.policies.candidates(&facts(&subject.caller)).lifted_by(self.lifts);
        let live = LiveObjects::of(self.cluster, &subject.identity);
        if subject.request.impersonation.is_none() {
            let needs = asking.needs();
            let looked = objects(&live, &subject.request, (&asking, needs)).await;
            let (objects, seen) = match looked {
                // What the API server says to those groups is not for the caller, until somebody has
                // approved that he gets them.
                Err(_) if !subject.elevated.is_empty() => (unseen(), None),
                looked => looked?,
            };
            return Ok((asking.decide(&objects, self.now), seen));
        }
        let acting = self.policies.candidates(&facts(&subject.identity));
        let needs = asking.needs().and(acting.needs());
        let (objects, seen) = objects(&live, &subject.request, (&asking, needs)).await?;
        let ruling = asking.decide(&objects, self.now);
        Ok((ruling.and(acting.decide(&objects, self.now)), seen))
    }

    /// Turns a ruling into a verdict, once its price is reserved.
    fn settle(&self, mut subject: Subject, ruling: Ruling, seen: Option<Seen>) -> Verdict {
        let Ruling { decision, observed, charges, lifted, .. } = ruling;
        subject.findings.observed = observed.map(|observed| record_of(&observed.0));
        let charges = if subject.request.is_dry_run() { Vec::new() } else { charges };
        // What was certain before may be less by now: another policy may hold it as well.
        let elevation = match &decision {
            Decision::Hold(terms) if self.elevates && subject.request.impersonation.is_none() => {
                terms.elevate.clone()
            }
            _ => Vec::new(),
        };
        subject.elevate(elevation);
        let grants = lifted;
        let policy = match decision {
            Decision::Allow { policy } => policy,
            refused => return Verdict::of_refusal(subject, refused, (charges, grants, seen)),
        };
        match self.budgets.reserve(&subject.caller.name, charges.clone(), self.now) {
            Ok(reservation) => {
                let over = reservation.observed.as_ref().map(record_of);
                subject.findings.observed = subject.findings.observed.take().or(over);
                let permit = Permit::of(subject, policy, (reservation, seen.map(Bond::Version)));
                Verdict::Allow(Box::new(Permit { grants, ..permit }))
            }
            Err(over) => Verdict::of_refusal(subject, *over, (charges, grants, seen)),
        }
    }
}

/// Reads what policies look at, and nothing else; with what is to be remembered of a change of an
/// object that is there.
async fn objects(
    live: &LiveObjects<'_>,
    request: &KubeRequest,
    (candidates, needs): (&Candidates<'_>, Needs),
) -> Result<(Objects, Option<Seen>), WouldRefuse> {
    let mut objects = Objects::default();
    let mut seen = None;
    // Boxed, as they are rare and big: every request's future has room for them.
    if needs.object {
        let change = Box::pin(live.change(request, needs.old_object)).await?;
        seen = change.seen(&request.info);
        let Change { object, old_object, creates } = change;
        objects = Objects { object, old_object, creates, ..objects };
    } else if needs.old_object {
        objects.old_object = Box::pin(live.stored(&request.info)).await;
    }
    if needs.blast_radius {
        let radius = candidates.blast_radius(&objects);
        objects.blast_radius = Box::pin(live.blast_radius(request, radius)).await;
    }
    Ok((objects, seen))
}

/// The objects of a request of which the caller may not know yet what it would do.
fn unseen() -> Objects {
    let why = "the cluster refuses a dry run of it with the groups that it would run with";
    let object = Object::Unavailable { why: why.to_owned() };
    Objects { object: object.clone(), old_object: object, creates: None, blast_radius: None }
}

impl Verdict {
    /// Who asked for what.
    pub fn subject(&self) -> &Subject {
        match self {
            Self::Allow(permit) => permit.subject(),
            Self::Deny(denial) => denial.subject(),
            Self::Futile(futile) => futile.subject(),
            Self::Hold(held) => held.subject(),
        }
    }

    /// The request alone, whatever was decided on it.
    fn into_subject(self) -> Subject {
        match self {
            Self::Allow(permit) => permit.subject,
            Self::Deny(denial) => denial.subject,
            Self::Futile(futile) => futile.subject,
            Self::Hold(held) => held.subject,
        }
    }

    /// Refuses what has no place in the plan that it came with.
    pub fn refuse_in_plan(self, message: String) -> Self {
        Self::deny(self.into_subject(), None, message, RefusedBy::Plan)
    }

    /// Answers what is part of a plan and cannot be tried ahead.
    pub fn imagine(self, response: http::Response<PooledBody>, why: String) -> Self {
        let mut subject = self.into_subject();
        // It is noted as what it is: tried, not done.
        subject.make_dry_run();
        Self::Futile(Box::new(Futile { subject, response, why: Unsent::Planned(why) }))
    }

    /// Passes on that the API server would refuse it.
    pub fn give_up(self, response: http::Response<PooledBody>) -> Self {
        Self::futile(self.into_subject(), response)
    }

    fn futile(subject: Subject, response: http::Response<PooledBody>) -> Self {
        Self::Futile(Box::new(Futile { subject, response, why: Unsent::Refused }))
    }

    /// Of what a policy or nobody allows.
    fn forbid(subject: Subject, policy: Option<String>, message: String) -> Self {
        Self::deny(subject, policy, message, RefusedBy::Policies)
    }

    fn deny(
        subject: Subject,
        policy: Option<String>,
        message: String,
        refused_by: RefusedBy,
    ) -> Self {
        let (reason, field) = (Reason::Forbidden, None);
        Self::Deny(Box::new(Denial { subject, policy, message, reason, field, refused_by }))
    }

    /// Of a decision that is no allowance.
    fn of_refusal(
        subject: Subject,
        decision: Decision,
        (charges, grants, seen): (Vec<Charge>, Vec<String>, Option<Seen>),
    ) -> Self {
        match decision {
            Decision::Hold(terms) => {
                let bond = seen.map(Bond::Version);
                Self::Hold(Box::new(Held { subject, terms, charges, grants, bond }))
            }
            Decision::Deny { policy, message } => Self::forbid(subject, policy, message),
            Decision::Allow { policy } => {
                let message = "the allowance could not be settled".to_owned();
                Self::forbid(subject, policy, message)
            }
        }
    }
}

/// Until it is known what is to be masked in them, arguments are left out.
fn noted_query(request: &KubeRequest, masks: &MaskRules) -> Vec<(String, String)> {
    let text = request.info.resource.as_ref().map(|resource| masks.text_rules(resource));
    let withheld = text.is_some_and(|rules| !rules.is_empty());
    let pairs = request.query.pairs().iter();
    let noted = pairs.map(|(name, value)| match name.as_str() {
        "command" if withheld => (name.clone(), WITHHELD.to_owned()),
        _ => (name.clone(), value.clone()),
    });
    noted.collect()
}

fn record_of(decision: &Decision) -> Observed {
    let (decision, policy) = match decision {
        Decision::Allow { policy } => (Outcome::Allow, policy.clone()),
        Decision::Deny { policy, .. } => (Outcome::Deny, policy.clone()),
        Decision::Hold(terms) => (Outcome::Hold, Some(terms.policy.clone())),
    };
    Observed { decision, policy }
}

/// The mask that a JSON patch would get around, by reading what the mask covers.
fn mask_read_by_patch(subject: &Subject) -> Option<String> {
    let resource = subject.request.info.resource.as_ref()?;
    let patch = subject.request.json_patch()?;
    subject.masks.read_by_patch(resource, patch).map(str::to_owned)
}

impl Permit {
    fn of(
        subject: Subject,
        policy: Option<String>,
        (reservation, bond): (Reservation, Option<Bond>),
    ) -> Self {
        let (hold, grants, break_glass, pre_image) = (None, Vec::new(), None, None);
        Self { subject, policy, hold, grants, break_glass, reservation, bond, pre_image }
    }

    /// Who asks for what.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The policy that allowed or held it; none where policies only observe.
    pub fn policy(&self) -> Option<&str> {
        self.policy.as_deref()
    }

    /// What it takes out of each budget.
    pub fn charges(&self) -> &BTreeMap<String, u64> {
        self.reservation.amounts()
    }

    /// The hold whose approval let it through.
    pub fn hold(&self) -> Option<&str> {
        self.hold.as_deref()
    }

    /// The grants that it runs on.
    pub fn grants(&self) -> &[String] {
        &self.grants
    }

    /// Why it runs without the approval that it needs, if it does.
    pub fn break_glass(&self) -> Option<&str> {
        self.break_glass.as_deref()
    }

    /// The same request as one that stores nothing, and what it would have taken out of budgets.
    pub(crate) fn rehearsed(mut self, _: StoresNothing) -> (Self, Reservation) {
        self.subject.make_dry_run();
        self.bond = None;
        let reservation = std::mem::take(&mut self.reservation);
        (self, reservation)
    }

    /// The same permit for just what was looked at.
    pub(crate) fn bound(self, bond: Option<Bond>) -> Self {
        Self { bond, ..self }
    }

    /// Whether it was let through where others wait.
    pub(crate) fn needed_approval(&self) -> bool {
        self.hold.is_some() || !self.grants.is_empty()
    }

    /// Whether the object is kept as it was before.
    pub fn pre_image(&self) -> Option<&PreImage> {
        self.pre_image.as_ref()
    }

    /// Notes whether the object is kept.
    pub(crate) fn note_pre_image(&mut self, pre_image: PreImage) {
        self.pre_image = Some(pre_image);
    }

    /// Ends the permit: what is left is a request that is being sent, and what it rests on.
    pub(crate) fn spend(self) -> (Subject, Option<Bond>) {
        self.reservation.spend();
        (self.subject, self.bond)
    }
}

impl Held {
    /// Who asks for what.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// On what terms it waits.
    pub fn terms(&self) -> &HoldTerms {
        &self.terms
    }

    /// What the decision to hold it has seen.
    pub(crate) fn seen(&self) -> Option<&Seen> {
        match &self.bond {
            Some(Bond::Version(seen)) => Some(seen),
            _ => None,
        }
    }

    /// Binds it to the object that is shown to the approvers.
    pub(crate) fn bind(&mut self, bond: Option<Bond>) {
        self.bond = bond;
    }

    /// The API server would refuse it, so that there is nothing to approve.
    pub(crate) fn refused(self, response: http::Response<PooledBody>) -> Futile {
        Futile { subject: self.subject, response, why: Unsent::Refused }
    }

    /// A permit for the same request as one that stores nothing, which needs no approval; and what
    /// the request itself would have taken out of budgets.
    pub(crate) fn rehearsed(
        self,
        proof: StoresNothing,
        (budgets, now): (&Budgets, Timestamp),
    ) -> (Permit, Reservation) {
        let Self { subject, terms, charges, .. } = self;
        let reservation = budgets.approved(&subject.caller.name, charges, now);
        let policy = Some(terms.policy);
        Permit::of(subject, policy, (reservation, None)).rehearsed(proof)
    }

    /// The grants without which others would hold it too.
    pub fn grants(&self) -> &[String] {
        &self.grants
    }

    /// The permit that an approval gives. It is charged like any other, whatever is left.
    pub fn release(self, approval: Approval, budgets: &Budgets, now: Timestamp) -> Permit {
        let Self { subject, terms, charges, mut grants, bond } = self;
        let reservation = budgets.approved(&subject.caller.name, charges, now);
        let Approved { hold, grant, break_glass } = approval.into_parts();
        grants.extend(grant);
        let permit = Permit::of(subject, Some(terms.policy), (reservation, bond));
        Permit { hold: Some(hold), grants, break_glass, ..permit }
    }
}

impl Denial {
    fn of(subject: Subject, unprepared: &Unprepared) -> Self {
        let field = unprepared.field().map(str::to_owned);
        let (message, reason) = (unprepared.to_string(), unprepared.reason());
        Self { subject, policy: None, message, reason, field, refused_by: RefusedBy::Masking }
    }

    /// What the caller is told: the policy's message, the policy's name if that lacks it, and the
    /// command that says more.
    pub fn explain(&self) -> String {
        let Self { subject, policy, message, reason, refused_by, .. } = self;
        if *reason != Reason::Forbidden {
            return message.clone();
        }
        let id = subject.request.id;
        let by = match policy {
            Some(policy) if !message.contains(policy.as_str()) => {
                format!("denied by policy `{policy}`; ")
            }
            _ => String::new(),
        };
        let command = match refused_by {
            // Of masks `policy explain` knows nothing: it would tell that policies allow this.
            RefusedBy::Masking => "audit show",
            RefusedBy::Policies => "policy explain",
            // The message says it all.
            RefusedBy::Plan => return message.clone(),
        };
        format!("{message} ({by}why: kguard {command} {id})")
    }

    /// Who asked for what.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }
}

impl Futile {
    /// Who asked for what.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Why it is not sent.
    pub fn why(&self) -> &Unsent {
        &self.why
    }

    /// With what the API server refused the dry run.
    pub fn status(&self) -> http::StatusCode {
        self.response.status()
    }

    /// The request that is not sent, and the API server's answer to its dry run.
    pub(crate) fn into_parts(self) -> (Subject, http::Response<PooledBody>) {
        (self.subject, self.response)
    }
}

impl Subject {
    fn new(
        policies: &PolicySet,
        cluster: &Cluster,
        (caller, request): (Arc<Caller>, KubeRequest),
    ) -> Self {
        let mut masks = policies.mask_rules(&caller, cluster.name());
        let identity = match &request.impersonation {
            None => Arc::clone(&caller),
            Some(impersonation) => {
                // He sees what both may see.
                let identity = impersonation.caller(&caller);
                masks.rules.extend(policies.mask_rules(&identity, cluster.name()).rules);
                Arc::new(identity)
            }
        };
        let reads = matches!(request.info.verb, Verb::Get | Verb::List | Verb::Watch);
        let echo = if reads { Echo::None } else { Echo::All };
        let noted_query = noted_query(&request, &masks);
        let (masks, text, findings) = (Arc::new(masks), None, Findings::default());
        let elevated = Vec::new();
        Self { caller, identity, elevated, request, masks, echo, text, noted_query, findings }
    }

    /// The caller.
    pub fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }

    /// Has the request run with these groups, besides the caller's own.
    fn elevate(&mut self, groups: Vec<String>) {
        if self.elevated == groups {
            return;
        }
        let mut identity = Caller::clone(&self.caller);
        for group in &groups {
            if !identity.groups.contains(group) {
                identity.groups.push(group.clone());
            }
        }
        self.identity = Arc::new(identity);
        self.elevated = groups;
    }

    /// The groups that it runs with, besides the caller's own.
    pub fn elevated(&self) -> &[String] {
        &self.elevated
    }

    /// As whom the caller acts, for the policies: of the groups that an approval adds they know
    /// nothing, or it could allow more than what was approved.
    pub fn acting(&self) -> &Arc<Caller> {
        if self.elevated.is_empty() { &self.identity } else { &self.caller }
    }

    /// As whom the request runs.
    pub fn identity(&self) -> &Arc<Caller> {
        &self.identity
    }

    /// The request.
    pub fn request(&self) -> &KubeRequest {
        &self.request
    }

    /// What the caller may not see.
    pub fn masks(&self) -> &Arc<MaskRules> {
        &self.masks
    }

    /// Of the values in the answer, those that came with the request.
    pub(crate) fn echo(&self) -> &Echo {
        &self.echo
    }

    /// What was found on the way to the decision.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// The query as it may be written down: arguments of an exec may hold what is masked.
    pub fn noted_query(&self) -> &[(String, String)] {
        &self.noted_query
    }

    /// How the text of the answer is masked, and the arguments of the request.
    fn set_text(&mut self, plan: Option<Arc<TextPlan>>) {
        let Some(plan) = plan else { return };
        let pairs = self.request.query.pairs().iter();
        let masked = pairs.map(|(name, value)| (name.clone(), plan.mask_str(value).0));
        self.noted_query = masked.collect();
        self.text = Some(plan);
    }

    fn make_dry_run(&mut self) {
        self.request.make_dry_run();
        self.noted_query.retain(|(key, _)| key != "dryRun");
        self.noted_query.push(("dryRun".to_owned(), "All".to_owned()));
    }

    /// For putting values back in the place of what stands in for them.
    pub(crate) fn request_mut(&mut self) -> &mut KubeRequest {
        &mut self.request
    }

    /// Of the values in the answer, those that came with the request.
    pub(crate) fn set_echo(&mut self, echo: Echo) {
        self.echo = echo;
    }

    /// Everything, for the one who sends it.
    pub(crate) fn into_parts(self) -> (Arc<Caller>, KubeRequest, Shown) {
        (self.identity, self.request, Shown { masks: self.masks, echo: self.echo, text: self.text })
    }
}
