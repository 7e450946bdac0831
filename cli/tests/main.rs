//! The client as its users have it: the binary, against a small gateway on the loopback interface.

mod fake_gateway;
mod home;

mod login;
mod session;
