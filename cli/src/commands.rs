//! The commands, a file each; this one only sends the command line to them.

mod apply;
mod approve;
mod audit;
mod clusters;
pub(crate) mod completion;
mod deny;
mod doctor;
mod env;
mod grants;
mod kubectl;
mod login;
mod logout;
mod notifications;
mod plan;
mod policy;
mod proxy;
mod requests;
mod reviews;
mod run;
mod sessions;
mod shim;
mod undo;
mod use_cluster;
mod version;
mod whoami;

use crate::args::{AuditCommand, Cli, Command, Common, PlanArgs, PlanCommand};
use crate::context::Context;
use crate::environment::Environment;
use crate::failure::Failure;

/// Runs a command; the result is the exit code.
pub(crate) async fn run(cli: Cli, environment: Environment) -> Result<u8, Failure> {
    let before = cli.common;
    if cli.break_glass && !matches!(cli.command, Command::Kubectl(_) | Command::Run(_)) {
        return Err(Failure::usage("--break-glass goes with one command alone")
            .hint("kguard --break-glass --reason '…' kubectl …, or the same with `run -- …`"));
    }
    let context = |common: &Common| {
        let context = Context::new(environment.clone(), common.or(&before))?;
        Ok::<_, Failure>(Context { break_glass: cli.break_glass, ..context })
    };
    let done = match cli.command {
        Command::Kubectl(args) => return kubectl::run(&context(&before)?, args).await,
        Command::Run(args) => return run::run(&context(&args.common)?, &args).await,
        Command::Plan(args) => return plan::run(&context(plan_common(&args))?, args).await,
        Command::Apply(args) => return apply::run(&context(&args.common)?, &args).await,
        Command::Login(args) => login::run(context(&args.common)?, &args).await,
        Command::Logout(args) => logout::run(context(&args.common)?).await,
        Command::Whoami(args) => whoami::run(&context(&args.common)?, args.format.output).await,
        Command::Clusters(args) => clusters::run(&context(&args.common)?, args.format.output).await,
        Command::Use(args) => use_cluster::run(context(&args.common)?, &args.name).await,
        Command::Proxy(args) => proxy::run(&context(&args.common)?, &args).await,
        Command::Env(args) => env::run(&context(&args.common)?, &args).await,
        Command::Shim(command) => shim::run(&context(&before)?, &command),
        Command::Requests(args) => requests::run(&context(&args.common)?, &args).await,
        Command::Approve(args) => approve::run(&context(&args.common)?, &args).await,
        Command::Deny(args) => deny::run(&context(&args.common)?, &args).await,
        Command::Undo(args) => undo::run(&context(&args.common)?, &args).await,
        Command::Notifications(args) => {
            notifications::run(&context(notifications::common(&args))?, &args).await
        }
        Command::Grants(args) => grants::run(&context(grants::common(&args))?, &args).await,
        Command::Reviews(args) => reviews::run(&context(reviews::common(&args))?, &args).await,
        Command::Sessions(args) => sessions::run(&context(sessions::common(&args))?, &args).await,
        Command::Audit(command) => audit::run(&context(audit_common(&command))?, command).await,
        Command::Policy(command) => {
            policy::run(&context(policy::common(&command))?, &command).await
        }
        Command::Completion(args) => completion::run(args.shell),
        Command::Doctor(args) => doctor::run(&context(&args.common)?, &args).await,
        Command::Version(args) => version::run(args.output),
    };
    done.map(|()| 0)
}

/// The common options of a command that takes none behind it.
static NONE: Common = Common {
    gateway: None,
    cluster: None,
    reason: None,
    approval_timeout: None,
    keep_hold: None,
    verbose: false,
    quiet: false,
    color: None,
};

fn plan_common(args: &PlanArgs) -> &Common {
    match &args.what {
        None => &args.common,
        Some(PlanCommand::List(list)) => &list.common,
        Some(PlanCommand::Show(show)) => &show.common,
    }
}

fn audit_common(command: &AuditCommand) -> &Common {
    match command {
        AuditCommand::Export { common, .. } => common,
        AuditCommand::List { list, .. } | AuditCommand::Show { list, .. } => &list.common,
        AuditCommand::Replay(args) => &args.common,
        AuditCommand::Watch(args) => &args.common,
        AuditCommand::Verify(_) => &NONE,
    }
}
