use kguard_gateway::cluster::Cluster;
use kguard_gateway::decide::Permit;
use kguard_gateway::forward;

async fn unrecorded(cluster: &Cluster, permit: Permit) {
    let _ = forward::send(cluster, (permit, None)).await;
}

fn main() {}
