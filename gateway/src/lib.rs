//! The gateway: knows the caller, reads the request as the API server will, decides, holds,
//! records, forwards and masks.

pub mod authenticate;
pub mod clock;
pub mod dev;
pub mod record;
pub mod store;
