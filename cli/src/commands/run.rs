//! `kguard run`: any program that reads `KUBECONFIG`, through the gateway.

use std::ffi::OsString;
use std::path::Path;

use crate::context::Context;
use crate::failure::Failure;
use crate::session::{Serving, Session};

pub(super) async fn run(context: &Context, command: Vec<OsString>) -> Result<u8, Failure> {
    let (program, arguments) =
        command.split_first().ok_or_else(|| Failure::usage("there is nothing to run"))?;
    let argv = command.iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let serving = Serving { port: 0, direct: false };
    let session = Session::open(context, argv, serving, None).await?;
    session.run(context, Path::new(program), arguments).await
}
