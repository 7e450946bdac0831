//! The whole system: a real API server and kubelet, real kubectls, a real OpenID provider, and
//! the binaries that users run.
//!
//! `make test` sets everything up. One binary holds all of these tests, so that it links once and
//! they share one cluster; each keeps to a namespace of its own.

mod harness;

mod compatibility;
mod failures;
mod holds;
mod identity;
mod masking;
mod plain;
mod policies;
mod streams;
mod strictness;
mod trail;
mod tunnel;
