use kguard_gateway::cluster::Cluster;
use kguard_gateway::decide::Permit;
use kguard_gateway::entry::Committed;
use kguard_gateway::forward;

async fn twice(cluster: &Cluster, permit: Permit, first: Committed, second: Committed) {
    let _ = forward::send(cluster, (permit, None), first).await;
    let _ = forward::send(cluster, (permit, None), second).await;
}

fn main() {}
