//! Whether the policies allow a stream: asked again when they change, and for each connection to a
//! port, as port-forward tells ports only once it runs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kguard::api::Demand;
use kguard::identity::Caller;
use kguard::kube::request_info::RequestInfo;
use kguard::policy::{Decision, Facts, Lift, Objects};

use crate::clock::Clock;
use crate::policies::{Mode, Policies};

/// The part of the query in which policies find ports.
const PORT: &str = "port";

/// What is asked again.
pub(super) struct Standing {
    pub(super) policies: Arc<Policies>,
    pub(super) clock: Clock,
    pub(super) request: Arc<RequestInfo>,
    pub(super) query: Vec<(String, String)>,
    /// Who asks.
    pub(super) caller: Arc<Caller>,
    /// As whom he acts.
    pub(super) identity: Arc<Caller>,
    pub(super) cluster: String,
    /// What the policies wanted that held it, and have: nobody has to approve it for that again.
    pub(super) met: Vec<Demand>,
    /// The grants that it runs on, and what they lift.
    pub(super) grants: Vec<String>,
    pub(super) lifts: Vec<Lift>,
    /// The ports to which connections were opened.
    pub(super) ports: Mutex<BTreeSet<u16>>,
}

impl Standing {
    /// Of a stream that nobody has, for tests.
    #[cfg(test)]
    pub(super) fn of_nobody() -> Self {
        use kguard::identity::CallerKind;
        use kguard::kube::target::Target;

        let target = Target::parse("/api/v1/namespaces/n/pods/p/exec", None).unwrap();
        let nobody = Arc::new(Caller {
            name: "nobody".to_owned(),
            uid: None,
            groups: Vec::new(),
            kind: CallerKind::Workload,
            issuer: String::new(),
        });
        Self {
            policies: Arc::new(Policies::built_in("starter").unwrap()),
            clock: Clock::system(),
            request: Arc::new(RequestInfo::read(&http::Method::POST, &target).unwrap()),
            query: Vec::new(),
            caller: Arc::clone(&nobody),
            identity: nobody,
            cluster: "test".to_owned(),
            met: Vec::new(),
            grants: Vec::new(),
            lifts: Vec::new(),
            ports: Mutex::default(),
        }
    }

    /// Whether a connection may be opened to a port; if not, what its user is told.
    pub(super) fn may_connect(&self, port: u16) -> Result<(), String> {
        self.ask(&with_ports(&self.query, &[port]))?;
        self.lock().insert(port);
        Ok(())
    }

    /// Whether the policies of now allow what those of then did, with every port that it was used
    /// for.
    pub(super) fn still_stands(&self) -> Result<(), String> {
        self.ask(&policy_query(&self.request, &self.query))?;
        let ports: Vec<_> = self.lock().iter().copied().collect();
        ports.into_iter().try_for_each(|port| self.may_connect(port))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<u16>> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, query: &[(String, String)]) -> Result<(), String> {
        if self.policies.mode() == Mode::Observe {
            return Ok(());
        }
        let policies = self.policies.current();
        for caller in [&self.caller, &self.identity] {
            let request = &self.request;
            let facts = Facts { request, query, caller, cluster: &self.cluster };
            let candidates = policies.candidates(&facts).lifted_by(&self.lifts);
            // A stream stores nothing, so there is no object, now as when it began.
            match candidates.decide(&Objects::default(), self.clock.now()).decision {
                Decision::Allow { .. } => {}
                Decision::Hold(terms) => {
                    let is_open =
                        |wanted: &&Demand| !self.met.iter().any(|met| met.is_like(wanted));
                    if let Some(Demand { policy, .. }) = terms.demands.iter().find(is_open) {
                        return Err(format!("policy `{policy}` wants an approval first"));
                    }
                }
                Decision::Deny { message, .. } => return Err(message),
            }
        }
        Ok(())
    }
}

/// The ports that the URL of a port-forward names, as the older WebSocket protocol has it.
pub(super) fn ports(query: &[(String, String)]) -> Vec<u16> {
    let named = query.iter().filter(|(name, _)| name == "ports");
    named.flat_map(|(_, ports)| ports.split(',')).filter_map(|port| port.parse().ok()).collect()
}

/// The query as policies see it: of a port-forward, `port` is what kguard knows of ports, whatever a
/// client wrote there.
pub(crate) fn policy_query(
    request: &RequestInfo,
    query: &[(String, String)],
) -> Vec<(String, String)> {
    if request.subresource() == "portforward" {
        with_ports(query, &ports(query))
    } else {
        query.to_vec()
    }
}

/// A query with these as its `port`s.
pub(super) fn with_ports(query: &[(String, String)], ports: &[u16]) -> Vec<(String, String)> {
    let rest = query.iter().filter(|(name, _)| name != PORT).cloned();
    rest.chain(ports.iter().map(|port| (PORT.to_owned(), port.to_string()))).collect()
}
