//! Every way in which a masked value could leave: each media type, each verb that echoes, each
//! error that quotes, each patch that carries it elsewhere.

pub mod echoes;
pub mod errors;
pub mod patches;
pub mod reads;
