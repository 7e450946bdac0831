//! Who asks for what, with all that has been found out about it on the way to a decision.

use std::sync::Arc;

use kguard::audit::record::Observed;
use kguard::identity::Caller;
use kguard::kube::pod::StreamPod;
use kguard::kube::request_info::Verb;
use kguard::mask::{Echo, MaskRules, TextPlan};
use kguard::policy::PolicySet;
use kguard::policy::capability::Capabilities;

use crate::cluster::Cluster;
use crate::known_values::PodText;
use crate::request::KubeRequest;

/// What is written down of an argument that could not be masked.
const WITHHELD: &str = "[withheld]";

/// Who asks for what, and what he may see of the answer.
#[derive(Debug)]
pub struct Subject {
    pub(super) caller: Arc<Caller>,
    /// As whom the request runs: the caller himself, unless he acts as somebody else.
    pub(super) identity: Arc<Caller>,
    /// The groups that `identity` has besides those that are the caller's own.
    pub(super) elevated: Vec<String>,
    pub(super) request: KubeRequest,
    pub(super) masks: Arc<MaskRules>,
    /// What came with the request of the values that the answer may hold.
    pub(super) echo: Echo,
    /// How the text of the answer is masked, if it is one.
    pub(super) text: Option<Arc<TextPlan>>,
    /// Where a stream leads, if its pod had to be read to mask it.
    pub(super) pod: Option<StreamPod>,
    /// The query as it may be written down.
    pub(super) noted_query: Vec<(String, String)>,
    pub(super) findings: Findings,
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

impl Subject {
    pub(super) fn new(
        policies: &PolicySet,
        cluster: &Cluster,
        (caller, request): (Arc<Caller>, KubeRequest),
    ) -> Self {
        let identity = match &request.impersonation {
            None => Arc::clone(&caller),
            Some(impersonation) => Arc::new(impersonation.caller(&caller)),
        };
        let acting = request.impersonation.is_some().then_some(&*identity);
        let masks = masks_for((&caller, acting), policies, cluster);
        let reads = matches!(request.info.verb, Verb::Get | Verb::List | Verb::Watch);
        let echo = if reads { Echo::None } else { Echo::All };
        let noted_query = noted_query(&request, &masks);
        let (masks, text, findings) = (Arc::new(masks), None, Findings::default());
        let (elevated, pod) = (Vec::new(), None);
        Self { caller, identity, elevated, request, masks, echo, text, pod, noted_query, findings }
    }

    /// What would be masked for him under other policies.
    pub(super) fn masks_under(&self, policies: &PolicySet, cluster: &Cluster) -> MaskRules {
        let acting = self.request.impersonation.is_some().then_some(&*self.identity);
        masks_for((&self.caller, acting), policies, cluster)
    }

    /// The caller.
    pub fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }

    /// Has the request run with these groups, besides the caller's own.
    pub(super) fn elevate(&mut self, groups: Vec<String>) {
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
    pub(super) fn set_text(&mut self, text: Option<PodText>) {
        let Some(PodText { plan, pod }) = text else { return };
        self.pod = pod;
        let pairs = self.request.query.pairs().iter();
        let masked = pairs.map(|(name, value)| (name.clone(), plan.mask_str(value).0));
        self.noted_query = masked.collect();
        self.text = Some(plan);
    }

    /// Where a stream leads, if its pod had to be read to mask it.
    pub(crate) fn pod(&self) -> Option<&StreamPod> {
        self.pod.as_ref()
    }

    pub(super) fn make_dry_run(&mut self) {
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

/// What is masked for a caller: if he acts as somebody else, he sees what both may see.
fn masks_for(
    (caller, acting): (&Caller, Option<&Caller>),
    policies: &PolicySet,
    cluster: &Cluster,
) -> MaskRules {
    let mut masks = policies.mask_rules(caller, cluster.name());
    if let Some(acting) = acting {
        masks.rules.extend(policies.mask_rules(acting, cluster.name()).rules);
    }
    masks
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
