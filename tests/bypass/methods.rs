//! Methods, upgrades, and paths without a resource.

pub mod closed;
pub mod upgrades;
pub mod verbs;
