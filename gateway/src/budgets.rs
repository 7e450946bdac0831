//! What callers have spent of their budgets: counted here while the gateway runs, and taken up
//! again from the trail when it starts, in which every request that is sent says what it costs.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kguard::policy::{Charge, Decision};

use crate::store::{Spending, Store, StoreError};

/// No budget looks farther back (kguard's policies: `per` is at most a day).
const LONGEST: Duration = Duration::from_hours(24);

/// The spending of all callers.
#[derive(Debug, Clone, Default)]
pub struct Budgets {
    accounts: Arc<Mutex<Accounts>>,
}

/// By budget and caller.
type Accounts = HashMap<(String, String), Account>;

/// What one caller has spent of one budget, second by second: so an account has an end, however
/// many requests there are in a day.
#[derive(Debug, Default)]
struct Account(VecDeque<Spent>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spent {
    /// The last moment of that second at which something was spent.
    at: Timestamp,
    amount: u64,
}

impl Account {
    fn add(&mut self, at: Timestamp, amount: u64) {
        match self.0.back_mut().filter(|last| last.at.as_second() == at.as_second()) {
            Some(last) => {
                last.at = last.at.max(at);
                last.amount = last.amount.saturating_add(amount);
            }
            None => self.0.push_back(Spent { at, amount }),
        }
    }

    fn give_back(&mut self, at: Timestamp, amount: u64) {
        let of_then = |spent: &&mut Spent| spent.at.as_second() == at.as_second();
        if let Some(spent) = self.0.iter_mut().rev().find(of_then) {
            spent.amount = spent.amount.saturating_sub(amount);
        }
    }

    fn since(&self, moment: Timestamp) -> u64 {
        let counted = self.0.iter().filter(|spent| spent.at > moment);
        counted.map(|spent| spent.amount).fold(0, u64::saturating_add)
    }

    fn forget(&mut self, until: Timestamp) {
        while self.0.front().is_some_and(|spent| spent.at <= until) {
            self.0.pop_front();
        }
    }
}

/// What a request takes out of the budgets. Given back when it is dropped, unless the request is
/// [sent](Reservation::spend).
#[derive(Debug, Default)]
#[must_use]
pub struct Reservation {
    accounts: Arc<Mutex<Accounts>>,
    caller: String,
    at: Timestamp,
    amounts: BTreeMap<String, u64>,
    /// What a budget that only observes would have decided.
    pub observed: Option<Decision>,
}

impl Budgets {
    /// Takes up what the trail says of the last day.
    pub async fn load(store: &dyn Store, now: Timestamp) -> Result<Self, StoreError> {
        let since = now.checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
        let mut accounts = Accounts::new();
        for Spending { budget, caller, at, amount } in store.spending(since).await? {
            accounts.entry((budget, caller)).or_default().add(at, amount);
        }
        Ok(Self { accounts: Arc::new(Mutex::new(accounts)) })
    }

    /// Reserves what a request of `caller` is charged with, or tells what becomes of one that goes
    /// over a budget.
    pub fn reserve(
        &self,
        caller: &str,
        charges: Vec<Charge>,
        now: Timestamp,
    ) -> Result<Reservation, Box<Decision>> {
        let mut accounts = self.accounts();
        let (mut observed, mut refused) = (None, None::<Decision>);
        for charge in &charges {
            let spent = spent(&mut accounts, caller, charge, now);
            let over = charge.amount.is_none_or(|amount| spent.saturating_add(amount) > charge.max);
            match charge.observes {
                _ if !over => {}
                true => observed = observed.or_else(|| Some(charge.clone().exceeded(spent))),
                false => {
                    let exceeded = charge.clone().exceeded(spent);
                    refused = refused.into_iter().chain([exceeded]).reduce(Decision::and);
                }
            }
        }
        if let Some(refused) = refused {
            return Err(Box::new(refused));
        }
        // Under the same lock, so that no two requests are told of the same room.
        Ok(self.take(&mut accounts, (caller, charges, observed), now))
    }

    /// Reserves it whatever is left: somebody has approved the request.
    pub fn approved(&self, caller: &str, charges: Vec<Charge>, now: Timestamp) -> Reservation {
        self.take(&mut self.accounts(), (caller, charges, None), now)
    }

    fn take(
        &self,
        accounts: &mut Accounts,
        (caller, charges, observed): (&str, Vec<Charge>, Option<Decision>),
        now: Timestamp,
    ) -> Reservation {
        let mut amounts = BTreeMap::new();
        for Charge { budget, amount, max, .. } in charges {
            // Of what nobody can count, it takes the whole.
            let amount = amount.unwrap_or(max);
            let account = accounts.entry((budget.clone(), caller.to_owned())).or_default();
            account.add(now, amount);
            amounts.insert(budget, amount);
        }
        Reservation {
            accounts: Arc::clone(&self.accounts),
            caller: caller.to_owned(),
            at: now,
            amounts,
            observed,
        }
    }

    fn accounts(&self) -> std::sync::MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the caller has spent within the budget's time. What is older than any budget looks back is
/// forgotten here.
fn spent(accounts: &mut Accounts, caller: &str, charge: &Charge, now: Timestamp) -> u64 {
    let key = (charge.budget.clone(), caller.to_owned());
    let Some(account) = accounts.get_mut(&key) else { return 0 };
    let since = |duration| now.checked_sub(duration).unwrap_or(Timestamp::MIN);
    let forgotten = since(LONGEST);
    account.forget(forgotten);
    account.since(since(charge.per))
}

impl Reservation {
    /// What it takes out of each budget.
    pub fn amounts(&self) -> &BTreeMap<String, u64> {
        &self.amounts
    }

    /// Keeps it: the request is in the trail, and is sent.
    pub fn spend(mut self) {
        self.amounts.clear();
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.amounts.is_empty() {
            return;
        }
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        for (budget, amount) in std::mem::take(&mut self.amounts) {
            if let Some(account) = accounts.get_mut(&(budget, self.caller.clone())) {
                account.give_back(self.at, amount);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kguard::policy::Over;

    use super::*;

    fn charge(amount: Option<u64>) -> Charge {
        Charge {
            budget: "deletes".into(),
            amount,
            max: 10,
            per: Duration::from_mins(10),
            over: Over::Deny,
            observes: false,
            message: None,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).unwrap()
    }

    fn take(budgets: &Budgets, caller: &str, amount: u64, seconds: i64) -> bool {
        let reserved = budgets.reserve(caller, vec![charge(Some(amount))], at(seconds));
        reserved.map(Reservation::spend).is_ok()
    }

    #[test]
    fn a_budget_is_for_each_caller_and_for_a_while() {
        let budgets = Budgets::default();
        assert!(take(&budgets, "alice", 7, 0));
        assert!(!take(&budgets, "alice", 4, 1), "that would be 11");
        assert!(take(&budgets, "alice", 3, 2), "what was refused was not spent");
        assert!(!take(&budgets, "alice", 1, 599));
        assert!(take(&budgets, "bob", 10, 3));
        assert!(take(&budgets, "alice", 7, 600), "the first seven are ten minutes old");
        assert!(!take(&budgets, "alice", 1, 601));
    }

    #[test]
    fn an_account_has_an_end_however_much_is_spent() {
        let budgets = Budgets::default();
        let free = || vec![charge(Some(0))];
        for seconds in 0..3 {
            for _ in 0..1000 {
                budgets.approved("alice", free(), at(seconds)).spend();
            }
        }
        let accounts = budgets.accounts();
        assert_eq!(accounts.values().map(|account| account.0.len()).sum::<usize>(), 3);
    }

    #[test]
    fn what_is_not_sent_is_given_back() {
        let budgets = Budgets::default();
        let reserved = budgets.reserve("alice", vec![charge(Some(10))], at(0)).unwrap();
        assert_eq!(reserved.amounts()["deletes"], 10);
        assert!(!take(&budgets, "alice", 1, 1), "meanwhile it counts");
        drop(reserved);
        assert!(take(&budgets, "alice", 10, 2));
    }

    #[test]
    fn what_nobody_can_count_goes_over_and_takes_everything_if_it_is_approved() {
        let budgets = Budgets::default();
        assert!(budgets.reserve("alice", vec![charge(None)], at(0)).is_err());
        let approved = budgets.approved("alice", vec![charge(None)], at(0));
        assert_eq!(approved.amounts()["deletes"], 10);
        approved.spend();
        assert!(!take(&budgets, "alice", 1, 1));
    }

    #[test]
    fn a_budget_that_observes_lets_through_and_tells() {
        let budgets = Budgets::default();
        let charge = Charge { observes: true, ..charge(Some(11)) };
        let reserved = budgets.reserve("alice", vec![charge.clone()], at(0)).unwrap();
        assert!(matches!(reserved.observed, Some(Decision::Deny { .. })));
        reserved.spend();
        let denied = budgets.reserve("alice", vec![Charge { observes: false, ..charge }], at(1));
        let denied = denied.map_err(|denied| *denied);
        let Err(Decision::Deny { message, .. }) = denied else { panic!("{denied:?}") };
        assert!(message.contains("11 of 10"), "what it let through counts: {message}");
    }

    #[test]
    fn one_charge_over_its_budget_takes_nothing_from_the_others() {
        let budgets = Budgets::default();
        let other = Charge { budget: "other".into(), ..charge(Some(1)) };
        assert!(budgets.reserve("alice", vec![other.clone(), charge(Some(11))], at(0)).is_err());
        let ten = Charge { amount: Some(10), ..other };
        assert!(budgets.reserve("alice", vec![ten], at(1)).is_ok());
    }

    #[test]
    fn of_several_budgets_that_it_goes_over_the_strictest_decides() {
        let terms = kguard::policy::HoldTerms {
            policy: String::new(),
            document: String::new(),
            message: String::new(),
            demands: vec![kguard::api::Demand {
                policy: String::new(),
                message: String::new(),
                approvers: Vec::new(),
                quorum: 1,
                self_approval: false,
                max_auth_age: None,
                approved_by: Vec::new(),
            }],
            escalate: None,
            timeout: Duration::from_mins(1),
            reason_required: false,
            grants: None,
            elevate: Vec::new(),
            break_glass: Vec::new(),
        };
        let held = |budget: &str| Charge {
            budget: budget.into(),
            over: Over::Hold(Box::new(terms.clone())),
            ..charge(Some(11))
        };
        let decide = |charges| *Budgets::default().reserve("alice", charges, at(0)).unwrap_err();
        let Decision::Hold(both) = decide(vec![held("a"), held("b")]) else { panic!() };
        let policies: Vec<_> = both.demands.iter().map(|demand| demand.policy.as_str()).collect();
        assert_eq!(policies, ["a", "b"]);
        let denied = decide(vec![held("a"), charge(Some(11)), held("b")]);
        assert!(matches!(denied, Decision::Deny { policy: Some(name), .. } if name == "deletes"));
    }
}
