//! What a plan knows of writes: which two of them are the same ([`canonical`]), and which cannot be
//! tried ahead because of others that come before them ([`chain`]). See [`crate::api::plans`].

pub mod canonical;
pub mod chain;
