//! `kguard requests`: held requests, one's own and those one may decide.

use std::time::Duration;

use jiff::Timestamp;
use kguard::api::effect::Effect;
use kguard::api::{Hold, HoldState};
use serde::Serialize;

use crate::args::RequestsArgs;
use crate::context::Context;
use crate::effect_card;
use crate::failure::Failure;
use crate::hold_card::{age, card, request_line, state};
use crate::output::{self, Columns, Format};

/// Longer than the gateway takes for an effect.
const PATIENCE: Duration = Duration::from_mins(1);

/// A hold with what it would do, as data.
#[derive(Serialize)]
struct HoldWithEffect {
    #[serde(flatten)]
    hold: Hold,
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<Effect>,
}

pub(super) async fn run(context: &Context, args: &RequestsArgs) -> Result<(), Failure> {
    let control = context.control()?;
    let format = args.format.output;
    let now = Timestamp::now();
    let Some(id) = &args.id else {
        let holds: Vec<Hold> = control.get("/v1/holds").await?;
        return print(format, &holds, now);
    };
    let hold: Hold = control.get(&path(id)?).await?;
    if format == Format::Name {
        return print(format, &[hold], now);
    }
    let effect = match hold.state {
        HoldState::Approved | HoldState::Pending => {
            Some(effect_card::fetch(context.ui, &control, &hold, PATIENCE).await)
        }
        _ => None,
    };
    match format {
        Format::Json | Format::Yaml => {
            let effect = effect.transpose()?;
            output::value(format, &HoldWithEffect { hold, effect })
        }
        _ => {
            let below = effect.map(|effect| effect_card::card(context.ui, &effect, &hold.id));
            output::text(&(card(context.ui, &hold, now) + &below.unwrap_or_default()))
        }
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

/// Its state, and what is unusual about it.
fn standing(hold: &Hold) -> String {
    let unusual = match (hold.state, &hold.break_glass) {
        (_, Some(_)) if hold.owes_review() => ", break-glass, to be reviewed",
        (_, Some(_)) => ", break-glass",
        (HoldState::Pending, None) if hold.kept => ", kept",
        _ => "",
    };
    format!("{}{unusual}", state(hold))
}

fn print(format: Format, holds: &[Hold], now: Timestamp) -> Result<(), Failure> {
    let columns = Columns {
        headings: &["ID", "STATE", "WHO", "CLUSTER", "REQUEST", "AGE", "POLICY", "REASON"],
        wide: 6,
        row: &|hold: &Hold| {
            vec![
                hold.id.clone(),
                standing(hold),
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
