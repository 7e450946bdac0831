//! `kguard apply` and `kguard run --plan`: runs what was planned and approved.

use std::ffi::OsString;
use std::path::Path;

use kguard::api::WhoAmI;
use kguard::api::plans::{BeginPlan, Plan, PlanState, PlanUse, Purpose};
use serde_json::json;
use uuid::Uuid;

use super::plan::{argv, decided, may_run, path, refuse_nesting};
use crate::args::ApplyArgs;
use crate::context::Context;
use crate::control::Control;
use crate::failure::{Failure, Kind};
use crate::plan_card::write_line;
use crate::session::{InPlan, Serving, Session};
use crate::ui::{Ui, clean};

/// Runs the command again that was planned.
pub(super) async fn run(context: &Context, args: &ApplyArgs) -> Result<u8, Failure> {
    let control = context.control()?;
    let plan: Plan = if args.wait {
        decided(context.ui, &control, &args.id).await?
    } else {
        control.get(&path(&args.id, "")?).await?
    };
    may_run(&plan)?;
    let command = own_command(&control, &plan).await?;
    context.ui.note(format_args!("running: {}", clean(&plan.claims.argv.join(" "))));
    run_plan(context, &control, (&plan, &command)).await
}

/// Runs a command as a plan that was approved.
pub(super) async fn run_as_plan(
    context: &Context,
    id: &str,
    command: &[OsString],
) -> Result<u8, Failure> {
    let control = context.control()?;
    let plan: Plan = control.get(&path(id, "")?).await?;
    may_run(&plan)?;
    run_plan(context, &control, (&plan, command)).await
}

/// The command of a plan, if it is one's own and all of it is kept: somebody else's plan does not
/// choose what is executed here.
async fn own_command(control: &Control, plan: &Plan) -> Result<Vec<OsString>, Failure> {
    let id = clean(&plan.id);
    let hint = format!("name the command: `kguard run --plan {id} -- COMMAND`");
    let WhoAmI { caller, .. } = control.get("/v1/whoami").await?;
    if caller.name != plan.caller.name || caller.issuer != plan.caller.issuer {
        let who = clean(&plan.caller.name);
        let message =
            format!("{who} has planned this, and kguard runs no command of somebody else's");
        return Err(Failure::usage(message).hint(hint));
    }
    if !plan.repeatable || plan.claims.argv.is_empty() {
        let message = "the command of this plan is not kept, as it is long or has secrets in it";
        return Err(Failure::usage(message).hint(hint));
    }
    Ok(plan.claims.argv.iter().map(OsString::from).collect())
}

async fn run_plan(
    context: &Context,
    control: &Control,
    (plan, command): (&Plan, &[OsString]),
) -> Result<u8, Failure> {
    refuse_nesting(context)?;
    let (program, arguments) =
        command.split_first().ok_or_else(|| Failure::usage("there is nothing to run"))?;
    let session = Uuid::new_v4();
    let of = PlanUse { purpose: Purpose::Apply, plan: plan.id.clone() };
    let serving = Serving { port: 0, direct: false, plan: Some(InPlan { of, session }) };
    // What can fail here fails before the approval is used up.
    let opened = Session::open(context, argv(command), serving, Some(&plan.cluster)).await?;
    let _: Plan = control.post(&path(&plan.id, "begin")?, &BeginPlan { session }).await?;
    let ran = opened.run(context, Path::new(program), arguments).await;
    let ended: Plan = control.post(&path(&plan.id, "end")?, &json!({})).await?;
    report(context.ui, &ended);
    match ran? {
        // Whatever the program made of it, something was not as it was approved.
        _ if ended.state == PlanState::Stopped => Ok(Kind::Refused as u8),
        code => Ok(code),
    }
}

fn report(ui: Ui, plan: &Plan) {
    let id = clean(&plan.id);
    if let Some(why) = &plan.stopped {
        ui.warn(format_args!("the plan {id} was stopped: {}", clean(why)));
    }
    let missing: Vec<_> = plan.missing().collect();
    let all = plan.writes.len();
    ui.note(format_args!("{id}: {} of {all} writes have run", all - missing.len()));
    for write in missing {
        ui.warn(format_args!("approved, and not run: {}", clean(&write_line(write))));
    }
}
