//! `kguard whoami`: who the gateway takes the user for.

use kguard::api::WhoAmI;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Columns, Format};

pub(super) async fn run(context: &Context, format: Format) -> Result<(), Failure> {
    let who: WhoAmI = context.control()?.get("/v1/whoami").await?;
    let columns = Columns {
        headings: &["NAME", "KIND", "GROUPS", "EXPIRES", "ISSUER", "UID"],
        wide: 4,
        row: &|who: &WhoAmI| {
            let caller = &who.caller;
            vec![
                caller.name.clone(),
                format!("{:?}", caller.kind).to_lowercase(),
                caller.groups.join(","),
                who.expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                caller.issuer.clone(),
                caller.uid.clone().unwrap_or_default(),
            ]
        },
    };
    if matches!(format, Format::Json | Format::Yaml) {
        return crate::output::value(format, &who);
    }
    columns.print(format, &[who])
}
