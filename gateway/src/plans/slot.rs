//! One plan in memory: what is in it, and what has run of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use jiff::Timestamp;
use kguard::api::Demand;
use kguard::api::plans::{Action, Plan, PlanState, PlannedWrite, RefusedWrite};
use kguard::identity::Caller;
use kguard::kube::request_info::RequestInfo;
use kguard::plan::chain::{Chain, Fate};
use kguard::policy::HoldTerms;
use uuid::Uuid;

use super::is_of;
use super::planning::TOO_LONG;
use crate::budgets::Reservation;
use crate::hold::PlanApproval;

/// Writes in one plan, and writes that are noted as refused.
const MAX_WRITES: usize = 512;
const MAX_REFUSED: usize = 64;
/// All diffs of a plan, and all of its requests.
const MAX_DIFF_BYTES: usize = 256 << 10;
const MAX_LINE_BYTES: usize = 256 << 10;

/// A plan and what belongs to it.
pub struct Slot(Mutex<Live>);

struct Live {
    plan: Plan,
    chain: Chain,
    demands: Vec<Demand>,
    /// A policy among those that wants to know why.
    wants_reason: Option<String>,
    /// What the plan would take out of budgets: so that it sees its own sum.
    reserved: Vec<Reservation>,
    approval: Option<Arc<PlanApproval>>,
    diff_bytes: usize,
    line_bytes: usize,
}

/// A write that was planned, and what comes with it.
#[derive(Debug)]
pub struct Noted {
    pub(super) write: PlannedWrite,
    /// What becomes of the object.
    pub(super) fate: Fate,
    /// On what terms it is held, if the plan's approval is to cover that.
    pub(super) terms: Option<HoldTerms>,
    pub(super) reservation: Option<Reservation>,
}

/// A write of the plan that a request has taken. It stays used, unless it is given back.
pub struct Claim {
    slot: Arc<Slot>,
    at: usize,
    /// What was planned.
    pub(super) write: PlannedWrite,
    /// The approval that covers it.
    pub(super) approval: Arc<PlanApproval>,
    on_drop: OnDrop,
}

/// What becomes of a claim that nobody says more of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnDrop {
    GiveBack,
    Keep,
}

/// Why a request is not one of the plan's.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unmatched {
    /// The plan has stopped before.
    Stopped(String),
    /// There is none like it.
    Unknown,
    /// It has run as often as it was planned.
    UsedUp,
    /// The plan writes the same object by the same method, and something else into it.
    Differs,
}

impl Slot {
    pub(super) fn new(plan: Plan) -> Self {
        Self(Mutex::new(Live {
            plan,
            chain: Chain::default(),
            demands: Vec::new(),
            wants_reason: None,
            reserved: Vec::new(),
            approval: None,
            diff_bytes: 0,
            line_bytes: 0,
        }))
    }

    pub(super) fn plan(&self) -> Plan {
        self.live().plan.clone()
    }

    /// Looks at the plan.
    pub(super) fn with<T>(&self, look: impl FnOnce(&Plan) -> T) -> T {
        look(&self.live().plan)
    }

    pub(super) fn is_of(&self, caller: &Caller) -> bool {
        self.with(|plan| is_of(plan, caller))
    }

    /// What the policies want of the plan, and one that wants to know why.
    pub(super) fn demands(&self) -> (Vec<Demand>, Option<String>) {
        let live = self.live();
        (live.demands.clone(), live.wants_reason.clone())
    }

    pub(super) fn fate(&self, request: &RequestInfo, name: &str) -> Option<Fate> {
        self.live().chain.fate(request, name).cloned()
    }

    /// Why a write cannot be tried that the API server refuses, if it is for what the plan does.
    pub(super) fn explains(&self, of: (&RequestInfo, &str), code: StatusCode) -> Option<String> {
        self.live().chain.explains(of, code)
    }

    /// Whether there is room for another write.
    pub(super) fn has_room(&self) -> bool {
        let live = self.live();
        live.plan.writes.len() < MAX_WRITES && live.line_bytes < MAX_LINE_BYTES
    }

    /// Takes a write into the plan.
    pub(super) fn note(&self, noted: Noted) {
        let Noted { mut write, fate, mut terms, reservation } = noted;
        let mut live = self.live();
        if live.plan.state != PlanState::Planning {
            return;
        }
        live.line_bytes += line_bytes(&write);
        live.diff_bytes += write.diff.len();
        if live.diff_bytes > MAX_DIFF_BYTES {
            live.diff_bytes -= write.diff.len();
            "# too many differences in this plan to show them all\n".clone_into(&mut write.diff);
            if write.action != Action::Delete {
                write.unforeseen.get_or_insert_with(|| TOO_LONG.to_owned());
                terms = None;
            }
        }
        live.chain.note((&write.request, &write.name), fate);
        live.reserved.extend(reservation);
        if let Some(terms) = terms {
            live.demand(terms);
        }
        live.plan.writes.push(write);
    }

    /// Notes that a write is no part of the plan.
    pub(super) fn refuse(&self, refused: RefusedWrite) {
        let mut live = self.live();
        if live.plan.refused.len() < MAX_REFUSED {
            live.plan.refused.push(refused);
        }
    }

    /// Nothing more comes into the plan. False if that was said before.
    pub(super) fn close(&self) -> bool {
        let mut live = self.live();
        let is_open = live.plan.state == PlanState::Planning;
        if is_open {
            live.plan.state = PlanState::Pending;
            live.reserved.clear();
            live.chain = Chain::default();
        }
        is_open
    }

    /// It is open again: it could not be submitted.
    pub(super) fn reopen(&self) {
        self.live().plan.state = PlanState::Planning;
    }

    /// It is run from now on.
    pub(super) fn begin(&self, session: Uuid, approval: PlanApproval, now: Timestamp) -> Plan {
        let mut live = self.live();
        live.plan.state = PlanState::Running;
        live.plan.session = session;
        live.plan.begun = Some(now);
        live.approval = Some(Arc::new(approval));
        live.plan.clone()
    }

    /// Takes the write that a request is.
    pub(super) fn claim(
        self: &Arc<Self>,
        digest: &str,
        (method, request): (&str, &RequestInfo),
    ) -> Result<Claim, Unmatched> {
        let mut live = self.live();
        let approval = match (live.plan.state, &live.approval) {
            (PlanState::Running, Some(approval)) => Arc::clone(approval),
            _ => return Err(Unmatched::Stopped(live.plan.stopped.clone().unwrap_or_default())),
        };
        let writes = &mut live.plan.writes;
        let like = |write: &PlannedWrite| write.digest == digest;
        if let Some(at) = writes.iter().position(|write| !write.used && like(write))
            && let Some(write) = writes.get_mut(at)
        {
            write.used = true;
            let write = write.clone();
            drop(live);
            let slot = Arc::clone(self);
            return Ok(Claim { slot, at, write, approval, on_drop: OnDrop::Keep });
        }
        let same = |write: &PlannedWrite| write.method == method && *write.request == *request;
        Err(match writes {
            writes if writes.iter().any(like) => Unmatched::UsedUp,
            writes if writes.iter().any(|write| same(write) && !write.used) => Unmatched::Differs,
            _ => Unmatched::Unknown,
        })
    }

    /// Nothing more of it runs. None if it does not run.
    pub(super) fn stop(&self, why: &str) -> Option<Plan> {
        let mut live = self.live();
        if live.plan.state != PlanState::Running {
            return None;
        }
        live.plan.state = PlanState::Stopped;
        live.plan.stopped = Some(why.to_owned());
        Some(live.plan.clone())
    }

    /// It has been run.
    pub(super) fn end(&self) -> Plan {
        let mut live = self.live();
        if live.plan.state == PlanState::Running {
            live.plan.state = PlanState::Done;
        }
        live.plan.clone()
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    /// Takes up what policies want, once.
    fn demand(&mut self, terms: HoldTerms) {
        if terms.reason_required {
            self.wants_reason.get_or_insert(terms.policy);
        }
        for demand in terms.demands {
            if !self.demands.iter().any(|known| known.is_like(&demand)) {
                self.demands.push(demand);
            }
        }
    }
}

impl Claim {
    /// The write was not done, and may be sent again.
    pub(super) fn give_back(mut self) {
        self.on_drop = OnDrop::GiveBack;
    }

    /// The write waits for an approval of its own: without an answer it may be sent again, and waits
    /// again then.
    pub(super) fn waits(mut self) -> Self {
        self.on_drop = OnDrop::GiveBack;
        self
    }

    /// The write was done.
    pub(super) fn keep(mut self) {
        self.on_drop = OnDrop::Keep;
    }

    /// Whether the plan's approval is what these policies want.
    pub(super) fn covers(&self, terms: &HoldTerms) -> bool {
        let of_plan = self.approval.demands();
        let is_met =
            |wanted: &Demand| of_plan.iter().any(|met| met.is_like(wanted) && met.is_met());
        // No plan's card names groups that a write would run with.
        self.write.unforeseen.is_none()
            && terms.elevate.is_empty()
            && terms.demands.iter().all(is_met)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.on_drop == OnDrop::GiveBack
            && let Some(write) = self.slot.live().plan.writes.get_mut(self.at)
        {
            write.used = false;
        }
    }
}

fn line_bytes(write: &PlannedWrite) -> usize {
    let query = write.query.iter().map(|(key, value)| key.len() + value.len());
    512 + write.request.path.len() + write.name.len() + query.sum::<usize>()
}
