//! What an API server speaks: how it reads a request, what it answers.

pub mod delete_options;
mod field_selector;
pub mod groups;
pub mod impersonation;
pub mod json_patch;
pub mod media;
pub mod pod;
pub mod protobuf;
pub mod request_info;
pub mod resource_pattern;
pub(crate) mod resources;
pub mod status;
pub mod strict_json;
pub mod strict_yaml;
pub mod target;
