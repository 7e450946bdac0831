//! `kguard doctor`: goes the way of a command, step by step, and says where it ends.

use kguard::api::{Cluster, LoginInfo, OutputMasking, WhoAmI};

use super::policy;
use crate::args::{DoctorArgs, DoctorCommand};
use crate::certificates::LocalCa;
use crate::child::find_kubectl;
use crate::context::{Context, Target};
use crate::control::ControlError;
use crate::failure::{Failure, Kind};
use crate::ui::{Ui, clean};

/// What was found so far.
struct Findings {
    ui: Ui,
    failed: Option<Kind>,
}

impl Findings {
    /// Notes a step; the value, if it went well.
    fn step<T>(
        &mut self,
        name: &str,
        found: Result<T, Failure>,
        describe: impl Fn(&T) -> String,
    ) -> Option<T> {
        match found {
            Ok(value) => {
                self.ui.note(format_args!("ok      {name}: {}", clean(&describe(&value))));
                Some(value)
            }
            Err(failure) => {
                self.ui.note(format_args!("problem {name}: {}", clean(&failure.message)));
                for cause in &failure.causes {
                    self.ui.note(format_args!("          caused by: {}", clean(cause)));
                }
                for hint in &failure.hints {
                    self.ui.hint(hint);
                }
                self.failed.get_or_insert(failure.kind);
                None
            }
        }
    }
}

pub(super) async fn run(context: &Context, args: &DoctorArgs) -> Result<(), Failure> {
    if let Some(DoctorCommand::Mask(args)) = &args.what {
        return policy::mask::run(context, args);
    }
    let mut findings = Findings { ui: context.ui, failed: None };
    let kubectl = find_kubectl(&context.environment);
    findings.step("kubectl", kubectl, |path| path.display().to_string());
    let ca = LocalCa::load(&context.folders).map_err(Failure::from);
    findings.step("local CA", ca, |_| context.folders.data.display().to_string());
    let target = findings.step("address", context.target(), |target| target.gateway.to_string());
    if let Some(target) = target {
        gateway(&mut findings, &target, context.cluster(&target.config)).await?;
    }
    match findings.failed {
        None => Ok(()),
        Some(kind) => Err(Failure::new(kind, "not all is well")),
    }
}

async fn gateway(
    findings: &mut Findings,
    target: &Target,
    chosen: Option<&str>,
) -> Result<(), Failure> {
    let control = target.control()?;
    let info: Result<LoginInfo, ControlError> = control.anonymous("/v1/login").await;
    let info = info.map_err(Failure::from);
    let reached = findings.step("connection", info, |info| format!("logs in at {}", info.issuer));
    let token = target.tokens.get().await.map_err(Failure::from);
    let source = target.tokens.source().describe();
    let token = findings.step("token", token, |_| format!("from {source}"));
    if reached.is_none() || token.is_none() {
        return Ok(());
    }
    let who: Result<WhoAmI, ControlError> = control.get("/v1/whoami").await;
    let who = who.map_err(Failure::from);
    findings.step("identity", who, |who| format!("{} until {}", who.caller.name, who.expires));
    let clusters: Result<Vec<Cluster>, ControlError> = control.get("/v1/clusters").await;
    let names = |clusters: &[Cluster]| {
        clusters.iter().map(|cluster| cluster.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let clusters =
        findings.step("clusters", clusters.map_err(Failure::from), |clusters| names(clusters));
    if let (Some(clusters), Some(chosen)) = (clusters, chosen) {
        let is_there = clusters.iter().any(|cluster| cluster.name == chosen);
        let found = is_there.then_some(()).ok_or_else(|| {
            let message = format!("the gateway has no cluster `{chosen}` for you");
            Failure::usage(message)
                .hint("choose another: --cluster, KGUARD_CLUSTER or `kguard use CLUSTER`")
        });
        findings.step("cluster", found, |()| format!("{chosen} is chosen"));
    }
    let masking: Result<Vec<OutputMasking>, ControlError> = control.get("/v1/masking").await;
    // An older gateway does not tell.
    for masking in masking.unwrap_or_default() {
        output_masking(findings, &masking);
    }
    Ok(())
}

/// No problem: the gateway may be let in some namespaces alone, or callers may read Secrets.
fn output_masking(findings: &mut Findings, masking: &OutputMasking) {
    let OutputMasking { cluster, reads_secrets } = masking;
    let reads = match reads_secrets {
        Some(true) => "reads Secrets to hide them",
        Some(false) => "does not read all Secrets to hide them",
        None => "may read Secrets to hide them, or not: the cluster does not say",
    };
    findings.step("masking", Ok(()), |()| format!("of output in {cluster}, kguard {reads}"));
    if *reads_secrets == Some(false) {
        findings.ui.hint(
            "who may not read the Secrets of a pod himself gets none of its output, unless the user \
             kguard:masking may read them: docs/masking.md, \"Output of containers\"",
        );
    }
}
