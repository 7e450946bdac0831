//! `kguard plan`: runs a command without storing anything, and puts what it would do to approval.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use kguard::api::plans::{OpenPlan, Plan, PlanState, PlanUse, Purpose};
use serde_json::json;
use uuid::Uuid;

use crate::args::{PlanArgs, PlanCommand, ShowPlanArgs};
use crate::context::Context;
use crate::control::Control;
use crate::failure::{Failure, Kind};
use crate::hold_card::age;
use crate::output::{self, Columns, Format};
use crate::plan_card;
use crate::session::{self, InPlan, Serving, Session};
use crate::ui::{Ui, clean};

/// How often it is asked whether a plan is decided on.
const PAUSE: Duration = Duration::from_secs(2);

pub(super) async fn run(context: &Context, args: PlanArgs) -> Result<u8, Failure> {
    match &args.what {
        Some(PlanCommand::List(args)) => list(context, args.format.output).await.map(|()| 0),
        Some(PlanCommand::Show(args)) => show(context, args).await.map(|()| 0),
        None => plan(context, args).await,
    }
}

async fn plan(context: &Context, args: PlanArgs) -> Result<u8, Failure> {
    refuse_nesting(context)?;
    let (program, arguments) =
        args.command.split_first().ok_or_else(|| Failure::usage("there is nothing to plan"))?;
    let control = context.control()?;
    let session = Uuid::new_v4();
    let open = OpenPlan {
        session,
        cluster: session::cluster(context).await?,
        apply_as: args.apply_as.as_deref().map(|name| workload(name).to_owned()),
        valid_minutes: args.valid,
        claims: session::claims(context, argv(&args.command)),
    };
    let plan: Plan = control.post("/v1/plans", &open).await?;
    let of = PlanUse { purpose: Purpose::Plan, plan: plan.id.clone() };
    let serving = Serving { port: 0, direct: false, plan: Some(InPlan { of, session }) };
    let session = Session::open(context, argv(&args.command), serving, None).await?;
    let session = if args.output.is_some() { session.aside() } else { session };
    let code = session.run(context, Path::new(program), arguments).await?;
    if code != 0 {
        let planned: Plan = control.post(&path(&plan.id, "end")?, &json!({})).await?;
        report_refused(context.ui, &planned);
        context.ui.note("the command failed, so nothing is put to approval");
        return Ok(code);
    }
    let plan: Plan = control.post(&path(&plan.id, "submit")?, &json!({})).await?;
    report(context.ui, &plan, args.output.is_some());
    let plan = if args.wait { decided(context.ui, &control, &plan.id).await? } else { plan };
    print_one(args.output, &plan)?;
    if args.wait { may_run(&plan).map(|()| 0) } else { Ok(0) }
}

/// Within a plan there is no other.
pub(super) fn refuse_nesting(context: &Context) -> Result<(), Failure> {
    match InPlan::inherited(&context.environment)? {
        None => Ok(()),
        Some(_) => Err(Failure::usage("this runs within a plan already")
            .hint("run the program itself: everything that it writes is part of that plan")),
    }
}

/// A workload may be named as in policies.
fn workload(name: &str) -> &str {
    name.strip_prefix("workload:").unwrap_or(name)
}

pub(super) fn argv(command: &[OsString]) -> Vec<String> {
    command.iter().map(|argument| argument.to_string_lossy().into_owned()).collect()
}

/// Waits until nobody has to decide any more.
pub(super) async fn decided(ui: Ui, control: &Control, id: &str) -> Result<Plan, Failure> {
    let path = path(id, "")?;
    let mut spinner = None;
    loop {
        let plan: Plan = control.get(&path).await?;
        if plan.state != PlanState::Pending {
            return Ok(plan);
        }
        spinner.get_or_insert_with(|| {
            ui.spinner(format!("waiting for approval: kguard approve {}", clean(&plan.id)))
        });
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether a plan may begin to run.
pub(super) fn may_run(plan: &Plan) -> Result<(), Failure> {
    let id = clean(&plan.id);
    let failure = |kind, why: &str| Failure::new(kind, format_args!("the plan {id} {why}"));
    Err(match plan.state {
        PlanState::Approved => return Ok(()),
        PlanState::Pending => failure(Kind::TimedOut, "is not approved yet")
            .hint(format_args!("an approver runs `kguard approve {id}`; `--wait` waits for that")),
        PlanState::Denied => failure(Kind::Refused, "was denied")
            .hint(format_args!("`kguard requests {id}` says by whom and why")),
        PlanState::Expired => failure(Kind::TimedOut, "was not run in time")
            .hint("plan again, with `--valid` for longer"),
        PlanState::Planning => failure(Kind::Refused, "is not submitted"),
        PlanState::Running => failure(Kind::Refused, "is run already"),
        PlanState::Done | PlanState::Stopped => {
            failure(Kind::Refused, "has been run").hint("a plan is run once; plan again")
        }
    })
}

fn report(ui: Ui, plan: &Plan, is_printed: bool) {
    let id = clean(&plan.id);
    if !is_printed {
        ui.note(plan_card::card(ui, plan, Timestamp::now()).trim_end());
    }
    report_refused(ui, plan);
    if plan.state == PlanState::Approved {
        ui.note(format_args!("\nit needs no approval: kguard apply {id}"));
    } else {
        ui.note(format_args!(
            "\nwaiting for approval: kguard approve {id}, then kguard apply {id}"
        ));
    }
}

fn report_refused(ui: Ui, plan: &Plan) {
    for refused in &plan.refused {
        ui.warn(format_args!(
            "not in the plan: {} {} ({})",
            clean(&refused.method),
            clean(&refused.request.path),
            clean(&refused.why)
        ));
    }
}

fn print_one(format: Option<Format>, plan: &Plan) -> Result<(), Failure> {
    match format {
        None => Ok(()),
        Some(Format::Name) => output::text(&format!("{}\n", clean(&plan.id))),
        Some(format @ (Format::Json | Format::Yaml)) => output::value(format, plan),
        Some(format) => print(format, std::slice::from_ref(plan)),
    }
}

async fn show(context: &Context, args: &ShowPlanArgs) -> Result<(), Failure> {
    let plan: Plan = context.control()?.get(&path(&args.id, "")?).await?;
    match args.format.output {
        Format::Table | Format::Wide => {
            output::text(&plan_card::card(context.ui, &plan, Timestamp::now()))
        }
        format => print_one(Some(format), &plan),
    }
}

async fn list(context: &Context, format: Format) -> Result<(), Failure> {
    let plans: Vec<Plan> = context.control()?.get("/v1/plans").await?;
    print(format, &plans)
}

fn print(format: Format, plans: &[Plan]) -> Result<(), Failure> {
    let now = Timestamp::now();
    let columns = Columns {
        headings: &["ID", "STATE", "WHO", "CLUSTER", "COMMAND", "AGE", "RUNS AS", "REASON"],
        wide: 6,
        row: &|plan: &Plan| {
            vec![
                plan.id.clone(),
                plan.state.as_str().to_owned(),
                plan.caller.name.clone(),
                plan.cluster.clone(),
                plan.claims.argv.join(" "),
                age(plan.created, now),
                plan.apply_as.clone().unwrap_or_default(),
                plan.claims.reason.clone().unwrap_or_default(),
            ]
        },
    };
    columns.print(format, plans)
}

/// The path of a plan, and of something to do with it.
pub(super) fn path(id: &str, what: &str) -> Result<String, Failure> {
    let is_id = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    match what {
        _ if !is_id => Err(Failure::usage(format_args!("`{id}` is no plan's id"))
            .hint("`kguard plan list` lists them")),
        "" => Ok(format!("/v1/plans/{id}")),
        what => Ok(format!("/v1/plans/{id}/{what}")),
    }
}
