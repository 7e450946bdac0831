//! `kguard version`.

use serde_json::json;

use crate::failure::Failure;
use crate::output::{self, Format};

pub(super) fn run(format: Format) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    match format {
        Format::Json | Format::Yaml => output::value(
            format,
            &json!({"version": version, "tunnel": kguard::tunnel::SUBPROTOCOL}),
        ),
        Format::Name => output::text(&format!("{version}\n")),
        Format::Table | Format::Wide => output::text(&format!("kguard {version}\n")),
    }
}
