//! The client as its users have it: the binary, against a small gateway on the loopback interface.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test's helper is the test's failure"
)]

mod fake_gateway;
mod home;
mod trail;

mod decide;
mod login;
mod masking_guide;
mod policy;
mod policy_guide;
mod session;
mod streams;
