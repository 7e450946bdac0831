//! `kguard run`: any program that reads `KUBECONFIG`, through the gateway.

use std::path::Path;

use super::apply;
use super::plan::argv;
use crate::args::RunArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::session::{Serving, Session};

pub(super) async fn run(context: &Context, args: &RunArgs) -> Result<u8, Failure> {
    if let Some(id) = &args.plan {
        return apply::run_as_plan(context, id, &args.command).await;
    }
    let (program, arguments) =
        args.command.split_first().ok_or_else(|| Failure::usage("there is nothing to run"))?;
    let session = Session::open(context, argv(&args.command), Serving::default(), None).await?;
    session.run(context, Path::new(program), arguments).await
}
