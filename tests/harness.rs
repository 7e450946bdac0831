//! What the tests run against.

pub mod cluster;
pub mod disk;
pub mod gateway;
pub mod http;
pub mod local;
pub mod policies;
pub mod process;
pub mod provider;
pub mod receiver;
pub mod ssh;
pub mod terminal;
pub mod tmux;
pub mod tokens;
pub mod user;
pub mod way;

pub use cluster::{Cluster, Namespace};
pub use gateway::{Gateway, Settings};
pub use local::LocalPort;
pub use process::{Output, Running};
pub use user::User;

/// Waits until `condition` yields something, for at most half a minute.
///
/// For what happens elsewhere and cannot be waited on; how long it takes is never a verdict.
pub fn eventually<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(value) = condition() {
            return value;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("waited in vain for {what}");
}
