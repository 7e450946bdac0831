//! Paths. The API server decodes the whole path, then splits it, and keeps inner empty segments;
//! whoever splits first, or cleans up, decides on another request.

pub mod names;
pub mod spelling;
