//! What an API server speaks: how it reads a request, what it answers.

mod field_selector;
pub mod media;
pub mod request_info;
pub mod status;
pub mod target;
