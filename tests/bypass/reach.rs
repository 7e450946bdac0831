//! The same effect by a request that a policy does not name.

pub mod code;
pub mod credentials;
pub mod detours;
pub mod kills;
pub mod names;
pub mod proxies;
