//! The gateway: knows the caller, reads the request as the API server will, decides, holds,
//! records, forwards and masks. [`pipeline`] tells the story; start there.

pub mod accept;
pub mod answer;
pub mod answer_body;
pub mod api;
pub mod authenticate;
pub mod bodies;
pub mod budgets;
pub mod classify;
pub mod clock;
pub mod cluster;
pub mod config;
pub mod decide;
pub mod dev;
pub mod entry;
pub mod forward;
pub mod gateway;
pub mod hold;
pub mod impersonate;
pub mod incoming;
pub mod known_values;
pub mod live;
pub mod mask;
pub mod metrics;
pub mod pipeline;
pub mod policies;
pub mod private_file;
pub mod record;
pub mod refused_upgrades;
pub mod request;
pub mod review;
pub mod run;
pub mod stopped;
pub mod store;
mod stream;
pub mod streams;
pub mod watch_socket;
