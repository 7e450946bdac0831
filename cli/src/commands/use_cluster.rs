//! `kguard use`: the cluster to start with from now on.

use crate::clusters::ClusterCache;
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(context: Context, name: &str) -> Result<(), Failure> {
    let target = context.target()?;
    let cache = ClusterCache::new(&context.folders, &target);
    let names = cache.names(&target, &[name]).await?;
    if !names.iter().any(|known| known == name) {
        return Err(Failure::usage(format_args!("there is no cluster `{name}` for you"))
            .hint(format_args!("you may reach: {}", names.join(", "))));
    }
    let mut config = context.config.clone().of(&target.gateway);
    config.cluster = Some(name.to_owned());
    config.save(&context.folders)?;
    context.ui.note(format_args!("kguard starts with {name} from now on"));
    Ok(())
}
