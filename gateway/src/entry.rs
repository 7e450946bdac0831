//! A request's entry in the trail: committed before the request is sent, closed when it has ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use kguard::api::Claims;
use kguard::audit::record::{
    Event, Outcome, Record, RecordingDigest, RequestRecord, ResponseRecord,
};
use kguard::identity::Caller;
use kguard::mask::{MaskReport, PlaceholderKey};
use uuid::Uuid;

use crate::clock::Clock;
use crate::decide::{Denial, Futile, Held, Permit, Subject, Unsent};
use crate::gateway::Gateway;
use crate::record::{Receipt, Recorder, TrailUnavailable};
use crate::request::Origin;

/// How a request ended whose client went away first.
const NO_ANSWER: &str = "the client went away before an answer came; the outcome is unknown";

/// Why a request is not sent that no policy refused.
const FUTILE: &str = "not sent, as the cluster refused a dry run of it";

/// Why a request is not sent that is part of a plan.
const PLANNED: &str = "not sent, as it is only planned and cannot be tried ahead";

/// Writes one request's entry.
#[derive(Clone)]
pub struct Entry {
    recorder: Arc<Recorder>,
    clock: Clock,
    digests: PlaceholderKey,
    origin: Arc<Origin>,
    arrived: Timestamp,
}

/// Proof that a request's entry is in the trail; sending takes it by value.
///
/// For whatever can change the cluster it is durable already. For reads its place in the chain is
/// fixed and the disk is still at it: the answer is held back until [`Committed::durable`].
pub struct Committed {
    id: Uuid,
    receipt: Option<Receipt>,
    /// From now on: whoever drops the request, because its client went away for one, closes it.
    closing: Closing,
}

/// Closes an entry, at the latest when it is dropped: whatever ends a request ends its entry.
pub struct Closing {
    entry: Entry,
    end: Option<ResponseRecord>,
}

impl Entry {
    /// Opens the entry of a request that just arrived.
    pub fn open(gateway: &Gateway, origin: Arc<Origin>) -> Self {
        let (recorder, clock) = (Arc::clone(&gateway.recorder), gateway.clock.clone());
        let arrived = clock.now();
        Self { recorder, clock, digests: gateway.placeholders.clone(), origin, arrived }
    }

    /// Commits the entry of a request that may be sent.
    pub async fn commit(self, permit: &Permit) -> Result<Committed, TrailUnavailable> {
        let mut record = self.request(permit.subject(), Outcome::Allow);
        record.policy = permit.policy().map(str::to_owned);
        record.hold = permit.hold().map(str::to_owned);
        record.grants = permit.grants().to_vec();
        record.break_glass = permit.break_glass().map(str::to_owned);
        record.charges = permit.charges().clone();
        record.pre_image = permit.pre_image().cloned();
        let change = record.request.is_change();
        let id = record.id;
        let mut receipt = Some(self.append(Event::Request(Box::new(record))).await?);
        if change && let Some(receipt) = receipt.take() {
            receipt.durable().await?;
        }
        Ok(Committed { id, receipt, closing: Closing::of(self, id) })
    }

    /// Records a refusal, durably: an attempt is worth as much as a success.
    pub async fn refuse(&self, denial: &Denial) -> Result<(), TrailUnavailable> {
        let mut record = self.request(denial.subject(), Outcome::Deny);
        record.policy.clone_from(&denial.policy);
        record.why = Some(denial.message.clone());
        self.append(Event::Request(Box::new(record))).await?.durable().await
    }

    /// Records a request that is not sent because a grant that it needs is not good any more.
    pub async fn refuse_unused(&self, permit: &Permit, why: &str) -> Result<(), TrailUnavailable> {
        let mut record = self.request(permit.subject(), Outcome::Deny);
        record.policy = permit.policy().map(str::to_owned);
        record.hold = permit.hold().map(str::to_owned);
        record.why = Some(why.to_owned());
        self.append(Event::Request(Box::new(record))).await?.durable().await
    }

    /// Records a request that is answered and not sent.
    pub async fn give_up(self, futile: &Futile) -> Result<Committed, TrailUnavailable> {
        let mut record = self.request(futile.subject(), Outcome::Deny);
        record.why = Some(match futile.why() {
            Unsent::Planned(why) => format!("{PLANNED}: {why}"),
            Unsent::Refused => format!("{FUTILE}: {}", futile.status()),
        });
        let id = record.id;
        let receipt = Some(self.append(Event::Request(Box::new(record))).await?);
        Ok(Committed { id, receipt, closing: Closing::of(self, id) })
    }

    /// Records that nobody let a held request through.
    pub async fn refuse_held(
        &self,
        held: &Held,
        hold: Option<&str>,
    ) -> Result<(), TrailUnavailable> {
        let mut record = self.request(held.subject(), Outcome::Deny);
        record.policy = Some(held.terms().policy.clone());
        record.hold = hold.map(str::to_owned);
        self.append(Event::Request(Box::new(record))).await?.durable().await
    }

    /// Records a request that cannot be read, by a caller who is known.
    pub async fn reject(
        &self,
        caller: &Arc<Caller>,
        (method, target): (&str, &str),
        why: &str,
    ) -> Result<(), TrailUnavailable> {
        let event = Event::Rejected {
            id: Uuid::now_v7(),
            caller: Arc::clone(caller),
            cluster: self.origin.cluster.clone(),
            method: method.chars().take(64).collect(),
            target: target.chars().take(1024).collect(),
            why: why.to_owned(),
            peer: self.origin.peer.clone(),
        };
        self.append(event).await?.durable().await
    }

    /// The record of a parked request.
    pub fn held(&self, held: &Held) -> RequestRecord {
        let mut record = self.request(held.subject(), Outcome::Hold);
        record.policy = Some(held.terms().policy.clone());
        record
    }

    /// Where the request came from.
    pub fn origin(&self) -> &Arc<Origin> {
        &self.origin
    }

    /// Makes digests that tell nothing of what may be short and secret.
    pub fn digests(&self) -> &PlaceholderKey {
        &self.digests
    }

    async fn append(&self, event: Event) -> Result<Receipt, TrailUnavailable> {
        self.recorder.append(Record { at: self.clock.now(), event }).await
    }

    fn request(&self, subject: &Subject, decision: Outcome) -> RequestRecord {
        let request = subject.request();
        let body = request.body_as_it_came();
        let user_agent = request.headers.get(http::header::USER_AGENT);
        let findings = subject.findings();
        RequestRecord {
            id: request.id,
            session: self.origin.session,
            caller: Arc::clone(subject.caller()),
            impersonated: request.impersonation.clone(),
            cluster: self.origin.cluster.clone(),
            method: request.method.to_string(),
            request: Arc::clone(&request.info),
            query: subject.noted_query().to_vec(),
            body_digest: (!body.is_empty()).then(|| self.digests.digest(&body)),
            decision,
            policy: None,
            why: None,
            observed: findings.observed.clone(),
            capabilities: findings.carried,
            charges: BTreeMap::new(),
            hold: None,
            plan: self.origin.plan.as_ref().map(|of| of.plan.clone()),
            grants: Vec::new(),
            elevated: subject.elevated().to_vec(),
            break_glass: None,
            pre_image: None,
            undoes: self.origin.undoes,
            claims: Claims::clone(&self.origin.claims),
            peer: self.origin.peer.clone(),
            user_agent: user_agent
                .and_then(|value| value.to_str().ok())
                .map(|value| value.chars().take(256).collect()),
        }
    }
}

impl Committed {
    /// The request that the entry is for.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Closes the entry of a request that got no answer from its cluster.
    pub fn unanswered(mut self, code: http::StatusCode, why: &str) {
        self.closing.code(code);
        self.closing.failed(why);
    }

    /// Waits until the entry is on disk, and hands over its closing.
    pub async fn durable(self) -> Result<Closing, TrailUnavailable> {
        if let Some(receipt) = self.receipt {
            receipt.durable().await?;
        }
        Ok(self.closing)
    }
}

impl Closing {
    fn of(entry: Entry, id: Uuid) -> Self {
        let end = ResponseRecord {
            id,
            code: None,
            bytes: 0,
            masked: BTreeMap::new(),
            duration_ms: 0,
            failure: None,
            recording: None,
        };
        Self { entry, end: Some(end) }
    }

    /// The status that the client gets.
    pub fn code(&mut self, code: http::StatusCode) {
        if let Some(end) = &mut self.end {
            end.code = Some(code.as_u16());
        }
    }

    /// Bytes on their way to the client.
    pub fn sent(&mut self, bytes: usize) {
        if let Some(end) = &mut self.end {
            end.bytes += bytes as u64;
        }
    }

    /// What was masked.
    pub fn masked(&mut self, report: MaskReport) {
        if let Some(end) = &mut self.end {
            end.masked = report.masked;
        }
    }

    /// Where what went through is recorded, or why that is not to be relied on.
    pub fn recorded(&mut self, recorded: std::io::Result<Option<RecordingDigest>>) {
        match (recorded, &mut self.end) {
            (Ok(digest), Some(end)) => end.recording = digest,
            (Err(error), _) => self.failed(&format!("the recording cannot be written: {error}")),
            (Ok(_), None) => {}
        }
    }

    /// The request's id.
    pub fn id(&self) -> Option<Uuid> {
        self.end.as_ref().map(|end| end.id)
    }

    /// It has ended well after all.
    pub fn went_well(&mut self) {
        if let Some(end) = &mut self.end {
            end.failure = None;
        }
    }

    /// Why it did not end well.
    pub fn failed(&mut self, why: &(impl ToString + ?Sized)) {
        if let Some(end) = &mut self.end {
            end.failure = Some(why.to_string());
        }
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        let Some(mut end) = self.end.take() else { return };
        let entry = &self.entry;
        let now = entry.clock.now();
        let took = now.duration_since(entry.arrived).as_millis();
        end.duration_ms = u64::try_from(took).unwrap_or(0);
        if end.code.is_none() && end.failure.is_none() {
            end.failure = Some(NO_ANSWER.to_owned());
        }
        let record = Record { at: now, event: Event::Response(end) };
        // Nothing waits for it: a response that cannot be recorded now follows after the outage.
        let _ = entry.recorder.append_unattended(record);
    }
}
