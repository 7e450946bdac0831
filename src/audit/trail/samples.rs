//! Trails for tests.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::api::{Grant, GrantPattern, HoldState, Verdict};
use crate::audit::Line;
use crate::audit::chain::{Head, RecordText};
use crate::audit::record::{Event, Outcome, Record, RequestRecord, ResponseRecord};
use crate::identity::{Caller, CallerKind};
use crate::policy::asked::Asked;

/// A trail that is written line by line, a second for each.
#[derive(Default)]
pub(crate) struct Trail {
    lines: Vec<String>,
    head: Option<Head>,
    requests: u128,
}

impl Trail {
    /// A request by `CALLER METHOD TARGET`, where a caller with a `/` is a workload, and how it was
    /// answered. `alice>bob` is alice who acts as bob. A decision is `allow`, `deny`, `hold NAME` for one that NAME
    /// approved, or `grant NAME` for one on a grant of his.
    pub(crate) fn request(&mut self, line: &str, decision: &str, code: Option<u16>) -> &mut Self {
        let mut words = line.splitn(3, ' ');
        let (caller, method, target) = (words.next(), words.next(), words.next());
        let (caller, method) = (caller.unwrap(), method.unwrap());
        let (caller, acts_as) = match caller.split_once('>') {
            Some((caller, user)) => (caller, Some(user)),
            None => (caller, None),
        };
        let asked = Asked::on_the_wire(method, target.unwrap()).unwrap();
        self.requests += 1;
        let id = Uuid::from_u128(self.requests);
        let hold = decision.strip_prefix("hold ").map(|by| self.approve(by));
        let grants: Vec<_> =
            decision.strip_prefix("grant ").map(|by| self.grant(by, &asked)).into_iter().collect();
        let record: RequestRecord = serde_json::from_value(json!({
            "id": id,
            "caller": self::caller(caller),
            "impersonated": acts_as.map(|user| json!({"user": user, "groups": []})),
            "cluster": "prod",
            "method": method,
            "request": asked.request,
            "query": asked.query,
            "decision": if decision == "deny" { Outcome::Deny } else { Outcome::Allow },
            "hold": hold,
            "grants": grants,
            "peer": "127.0.0.1",
        }))
        .unwrap();
        self.event(Event::Request(Box::new(record)));
        if let Some(code) = code {
            self.event(Event::Response(ResponseRecord {
                id,
                code: Some(code),
                bytes: 0,
                masked: std::collections::BTreeMap::new(),
                duration_ms: 1,
                failure: None,
                recording: None,
            }));
        }
        self
    }

    fn approve(&mut self, by: &str) -> String {
        let hold = format!("h{}", self.requests);
        self.event(Event::HoldState {
            hold: hold.clone(),
            state: HoldState::Approved,
            by: Some(by.into()),
            verdict: Some(Verdict::Approve),
            comment: None,
            grant: None,
        });
        hold
    }

    fn grant(&mut self, by: &str, asked: &Asked) -> String {
        let id = format!("g{}", self.requests);
        let pattern = GrantPattern::of("prod", &asked.request, &asked.query).unwrap();
        self.event(Event::Grant(Box::new(Grant {
            id: id.clone(),
            caller: caller("alice").into(),
            policy: "p".into(),
            document: String::new(),
            pattern,
            hold: id.clone(),
            approvers: Vec::new(),
            by: vec![by.into()],
            created: Timestamp::UNIX_EPOCH,
            expires: Timestamp::MAX,
            max_uses: None,
            uses: 0,
            ended: None,
        })));
        id
    }

    pub(crate) fn event(&mut self, event: Event) {
        let at = Timestamp::UNIX_EPOCH
            + jiff::SignedDuration::from_secs(i64::try_from(self.lines.len()).unwrap());
        let record = RecordText::write(&Record { at, event }).unwrap();
        let sealed = self.head.unwrap_or(Head::GENESIS).seal(record);
        self.head = Some(sealed.head());
        self.lines.push(serde_json::to_string(&Line::Entry(sealed)).unwrap());
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.lines.iter().map(String::as_bytes)
    }
}

fn caller(name: &str) -> Caller {
    let kind = if name.contains('/') { CallerKind::Workload } else { CallerKind::Person };
    Caller { name: name.into(), groups: vec![], uid: None, kind, issuer: String::new() }
}
