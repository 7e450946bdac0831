use kguard_gateway::cluster::Cluster;
use kguard_gateway::decide::Permit;
use kguard_gateway::entry::Committed;
use kguard_gateway::forward;

async fn twice(cluster: &Cluster, first: Permit, second: Permit, committed: Committed) {
    let _ = forward::send(cluster, (first, None), committed).await;
    let _ = forward::send(cluster, (second, None), committed).await;
}

fn main() {}
