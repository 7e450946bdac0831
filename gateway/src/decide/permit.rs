//! What leads to sending a request: the permit, and what waits to become one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kguard::api::Demand;
use kguard::audit::record::PreImage;
use kguard::policy::{Charge, HoldTerms};

use super::{Futile, Subject, Unsent};
use crate::budgets::{Budgets, Reservation};
use crate::forward::PooledBody;
use crate::hold::{Approval, Approved};
use crate::live::{Bond, Seen, StoresNothing};

/// The right to send one request once, for one caller. Made by deciding alone, and consumed by sending.
///
/// Its fields are private and it cannot be cloned: a request that was not decided, or was decided
/// differently, cannot be sent.
#[derive(Debug)]
pub struct Permit {
    pub(super) subject: Subject,
    pub(super) policy: Option<String>,
    pub(super) hold: Option<String>,
    pub(super) approved_by: Vec<String>,
    pub(super) met: Vec<Demand>,
    pub(super) grants: Vec<String>,
    pub(super) break_glass: Option<String>,
    pub(super) reservation: Reservation,
    pub(super) bond: Option<Bond>,
    pub(super) pre_image: Option<PreImage>,
}

/// A request that waits. Turned into a permit by an approval of it, and by nothing else.
#[derive(Debug)]
pub struct Held {
    pub(super) subject: Subject,
    pub(super) terms: HoldTerms,
    pub(super) charges: Vec<Charge>,
    /// The grants without which others would hold it too.
    pub(super) grants: Vec<String>,
    pub(super) bond: Option<Bond>,
}

impl Permit {
    pub(super) fn of(
        subject: Subject,
        policy: Option<String>,
        (reservation, bond): (Reservation, Option<Bond>),
    ) -> Self {
        Self {
            subject,
            policy,
            hold: None,
            approved_by: Vec::new(),
            met: Vec::new(),
            grants: Vec::new(),
            break_glass: None,
            reservation,
            bond,
            pre_image: None,
        }
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

    /// Who has approved that.
    pub fn approved_by(&self) -> &[String] {
        &self.approved_by
    }

    /// What the policies wanted that held it.
    pub fn met(&self) -> &[Demand] {
        &self.met
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
        let Approved { hold, approved_by, grant, break_glass } = approval.into_parts();
        grants.extend(grant);
        let permit = Permit::of(subject, Some(terms.policy), (reservation, bond));
        let (hold, met) = (Some(hold), terms.demands);
        Permit { hold, approved_by, met, grants, break_glass, ..permit }
    }
}
