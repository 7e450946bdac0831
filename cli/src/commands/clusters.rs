//! `kguard clusters`: the clusters that the user may reach.

use kguard::api::Cluster;

use crate::clusters::ClusterCache;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Columns, Format};

pub(super) async fn run(context: &Context, format: Format) -> Result<(), Failure> {
    let target = context.target()?;
    let clusters: Vec<Cluster> = target.control()?.get("/v1/clusters").await?;
    let names = ClusterCache::new(&context.folders, &target).remember(clusters.clone())?;
    let first = names.first().cloned();
    let current = context.cluster(&target.config).map(str::to_owned).or(first);
    let columns = Columns {
        headings: &["NAME", "CURRENT"],
        wide: 2,
        row: &|cluster: &Cluster| {
            let is_current = current.as_ref() == Some(&cluster.name);
            vec![cluster.name.clone(), if is_current { "*" } else { "" }.to_owned()]
        },
    };
    columns.print(format, &clusters)
}
