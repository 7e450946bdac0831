//! What kguard knows, without doing anything: how an API server reads a request, what a policy
//! says of it, where the secrets are in an answer, and how the trail proves itself.
//!
//! Nothing in this library opens a socket or a file, reads the clock or the environment, or
//! writes to a terminal; the gateway and the client are thin shells of IO around it. That is what
//! lets `kguard policy check` and `kguard audit verify` work offline on the very code that the
//! gateway decides and records with.

pub mod api;
pub mod audit;
pub mod command_line;
pub mod effect;
pub mod glob;
pub mod hidden;
pub mod identity;
pub mod kube;
pub mod mask;
pub mod plan;
pub mod policy;
pub mod recording;
pub mod redact;
pub mod stream;
pub mod tunnel;
