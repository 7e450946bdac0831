//! `kguard reviews`: runs that waited for no approval, and what somebody else says to them.

use jiff::Timestamp;
use kguard::api::{CloseReview, Hold};

use crate::args::{CloseArgs, Common, ReviewsArgs, ReviewsCommand};
use crate::context::Context;
use crate::failure::Failure;
use crate::hold_card::{age, request_line};
use crate::output::{Columns, Format};
use crate::ui::clean;

use super::requests::path;

pub(super) async fn run(context: &Context, args: &ReviewsArgs) -> Result<(), Failure> {
    match &args.what {
        Some(ReviewsCommand::Close(args)) => close(context, args).await,
        None => {
            let owed: Vec<Hold> = context.control()?.get("/v1/reviews").await?;
            print(args.list.format.output, &owed, Timestamp::now())
        }
    }
}

/// The common options of whichever command it is.
pub(super) fn common(args: &ReviewsArgs) -> &Common {
    match &args.what {
        Some(ReviewsCommand::Close(args)) => &args.common,
        None => &args.list.common,
    }
}

async fn close(context: &Context, args: &CloseArgs) -> Result<(), Failure> {
    let path = format!("{}/review", path(&args.id)?);
    let close = CloseReview { comment: args.comment.clone() };
    let hold: Hold = context.control()?.post(&path, &close).await?;
    context.ui.note(format_args!("the review of {} is closed", clean(&hold.id)));
    Ok(())
}

fn print(format: Format, owed: &[Hold], now: Timestamp) -> Result<(), Failure> {
    let columns = Columns {
        headings: &["ID", "WHO", "CLUSTER", "REQUEST", "AGE", "REASON", "POLICY"],
        wide: 6,
        row: &|hold: &Hold| {
            let reason = hold.break_glass.as_ref().map(|of| of.reason.clone());
            vec![
                hold.id.clone(),
                hold.caller.name.clone(),
                hold.cluster.clone(),
                request_line(hold),
                age(hold.created, now),
                reason.unwrap_or_default(),
                hold.policy.clone(),
            ]
        },
    };
    columns.print(format, owed)
}
