//! The whole system: a real API server and kubelet, real kubectls, a real OpenID provider, and
//! the binaries that users run.
//!
//! `make test` sets everything up. One binary holds all of these tests, so that it links once and
//! they share one cluster; each keeps to a namespace of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    missing_docs,
    unreachable_pub,
    reason = "a test that meets what it does not expect has failed"
)]

mod harness;

mod approvals_attacks;
mod binding;
mod budgets;
mod bypass;
mod capabilities;
mod ci;
mod compatibility;
mod effects;
mod expressions;
mod failures;
mod grants;
mod holds;
mod identity;
mod inbox;
mod masking;
mod notifications;
mod objects;
mod page;
mod plans;
mod policies;
mod policy_tools;
mod restarts;
mod streams;
mod trail;
mod tunnel;
mod undo;
mod web;
