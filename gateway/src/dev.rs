//! What `kguard-gateway dev` embeds, so that a first try needs nothing but a kubeconfig.

pub mod idp;
