//! `kguard proxy`: the local port until Ctrl-C, or in the background for `kguard env`.

use crate::args::ProxyArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::output;
use crate::session::{Serving, Session};
use crate::stopped::stopped;

use super::env::Background;

pub(super) async fn run(context: &Context, args: &ProxyArgs) -> Result<(), Failure> {
    let serving = Serving { port: args.port, direct: args.direct, plan: None };
    let argv = vec!["kguard".to_owned(), "proxy".to_owned()];
    if args.background {
        let background = Background::of(context)?;
        // Held as long as we live: `kguard env` sees by it that we do.
        let Some(_lock) = background.lock()? else { return Ok(()) };
        // What one that was killed has announced is not ours.
        background.withdraw()?;
        let session = Session::open(context, argv, serving, None).await?;
        background.announce(&session.kubeconfig())?;
        stopped().await?;
        return background.withdraw();
    }
    let session = Session::open(context, argv, serving, None).await?;
    if !args.direct {
        context.ui.note(format_args!("serving a CONNECT proxy at http://{}", session.address));
    }
    context.ui.note("use it with this kubeconfig, until Ctrl-C:");
    output::text(&format!("{}\n", session.kubeconfig().display()))?;
    Ok(stopped().await?)
}
