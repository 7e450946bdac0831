//! Bodies. What is decided on is parsed once, strictly, and written anew; nothing that two parsers
//! could read differently gets that far.

pub mod json;
pub mod objects;
pub mod protobuf;
pub mod types;
pub mod yaml;
