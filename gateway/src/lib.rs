//! x
pub mod authenticate;
pub mod clock;
pub mod dev;
