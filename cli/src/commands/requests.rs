//! `kguard requests`: held requests, one's own and those one may decide.

use jiff::Timestamp;
use kguard::api::Hold;

use crate::args::RequestsArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::hold_card::{age, card, request_line, state};
use crate::output::{self, Columns, Format};

pub(super) async fn run(context: &Context, args: &RequestsArgs) -> Result<(), Failure> {
    let control = context.control()?;
    let format = args.format.output;
    let now = Timestamp::now();
    let Some(id) = &args.id else {
        let holds: Vec<Hold> = control.get("/v1/holds").await?;
        return print(format, &holds, now);
    };
    let hold: Hold = control.get(&path(id)?).await?;
    match format {
        Format::Json | Format::Yaml => output::value(format, &hold),
        Format::Name => print(format, &[hold], now),
        Format::Table | Format::Wide => output::text(&card(context.ui, &hold, now)),
    }
}

/// The path of a hold. Ids are made to be read out, so people may type them in any case.
pub(super) fn path(id: &str) -> Result<String, Failure> {
    let is_id = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_id {
        Ok(format!("/v1/holds/{id}"))
    } else {
        Err(Failure::usage(format_args!("`{id}` is no request's id"))
            .hint("`kguard requests` lists them"))
    }
}

fn print(format: Format, holds: &[Hold], now: Timestamp) -> Result<(), Failure> {
    let columns = Columns {
        headings: &["ID", "STATE", "WHO", "CLUSTER", "REQUEST", "AGE", "POLICY", "REASON"],
        wide: 6,
        row: &|hold: &Hold| {
            vec![
                hold.id.clone(),
                state(hold).to_owned(),
                hold.caller.name.clone(),
                hold.cluster.clone(),
                request_line(hold),
                age(hold.created, now),
                hold.policy.clone(),
                hold.claims.reason.clone().unwrap_or_default(),
            ]
        },
    };
    columns.print(format, holds)
}
