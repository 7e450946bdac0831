//! `kguard policy`: writes policies and tries them, with the code that the gateway decides with.

mod caller;
mod check;
mod explain;
pub(super) mod mask;
mod replay;
mod sources;
mod starter;
mod story;
mod suggest;
mod test;
mod trail;

use kguard::policy::Problem;

use crate::args::{Common, PolicyCommand};
use crate::context::Context;
use crate::failure::{Failure, Kind};

pub(super) async fn run(context: &Context, command: &PolicyCommand) -> Result<(), Failure> {
    match command {
        PolicyCommand::Check { paths, format } => check::run(context, paths, format.output),
        PolicyCommand::Test(args) => test::run(context, args),
        PolicyCommand::Explain(args) => explain::run(context, args).await,
        PolicyCommand::Mask(args) => mask::run(context, args),
        PolicyCommand::Replay(args) => replay::run(context, args).await,
        PolicyCommand::Suggest(args) => suggest::run(context, args).await,
        PolicyCommand::Starter { name, list, tests, format } => {
            starter::run(name, *list, *tests, format.output)
        }
    }
}

/// The common options behind the command.
pub(super) fn common(command: &PolicyCommand) -> &Common {
    match command {
        PolicyCommand::Explain(args) => &args.common,
        PolicyCommand::Replay(args) => &args.common,
        PolicyCommand::Suggest(args) => &args.common,
        PolicyCommand::Check { .. }
        | PolicyCommand::Mask(_)
        | PolicyCommand::Starter { .. }
        | PolicyCommand::Test(_) => &super::NONE,
    }
}

/// Tells all problems, and fails with their number.
fn problems(context: &Context, problems: &[Problem]) -> Failure {
    for problem in problems {
        context.ui.note(problem);
    }
    match problems.len() {
        1 => Failure::new(Kind::Other, "1 problem"),
        count => Failure::new(Kind::Other, format_args!("{count} problems")),
    }
}
