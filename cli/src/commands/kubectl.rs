//! `kguard kubectl`: one kubectl through the gateway, its arguments untouched.

use std::borrow::Cow;

use crate::args::KubectlArgs;
use crate::child::find_kubectl;
use crate::context::Context;
use crate::failure::Failure;
use crate::kubectl_flags;
use crate::session::{Serving, Session};

pub(super) async fn run(context: &Context, args: KubectlArgs) -> Result<u8, Failure> {
    let texts: Vec<Cow<'_, str>> = args.arguments.iter().map(|arg| arg.to_string_lossy()).collect();
    let arguments = || texts.iter().map(AsRef::as_ref);
    if let Some(flag) = kubectl_flags::find_refused(arguments()) {
        return Err(Failure::usage(format_args!(
            "{flag} would lead kubectl around the gateway, which `kguard kubectl` never does"
        ))
        .hint("choose a cluster with --context NAME; `kguard clusters` lists them"));
    }
    let kubectl = find_kubectl(&context.environment)?;
    let argv = std::iter::once("kubectl").chain(arguments()).map(str::to_owned).collect();
    let session =
        Session::open(context, argv, Serving::default(), kubectl_flags::context(arguments()))
            .await?;
    session.run(context, &kubectl, &args.arguments).await
}
