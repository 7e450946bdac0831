//! `kguard grants`: what was approved for a while, and its end.

use jiff::Timestamp;
use kguard::api::{EndedBy, Grant, Revoke};

use crate::args::{Common, GrantsArgs, GrantsCommand, RevokeArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::hold_card::age;
use crate::output::{Columns, Format};
use crate::ui::clean;

use super::approve::grant::pattern_text;

pub(super) async fn run(context: &Context, args: &GrantsArgs) -> Result<(), Failure> {
    match &args.what {
        Some(GrantsCommand::Revoke(args)) => revoke(context, args).await,
        None => {
            let mut grants: Vec<Grant> = context.control()?.get("/v1/grants").await?;
            grants.retain(|grant| args.all || grant.ended.is_none());
            print(args.list.format.output, &grants, Timestamp::now())
        }
    }
}

/// The common options of whichever command it is.
pub(super) fn common(args: &GrantsArgs) -> &Common {
    match &args.what {
        Some(GrantsCommand::Revoke(args)) => &args.common,
        None => &args.list.common,
    }
}

async fn revoke(context: &Context, args: &RevokeArgs) -> Result<(), Failure> {
    let path = format!("{}/revocation", path(&args.id)?);
    let order = Revoke { comment: args.comment.clone() };
    let grant: Grant = context.control()?.post(&path, &order).await?;
    let (id, caller) = (clean(&grant.id), clean(&grant.caller.name));
    context.ui.note(format_args!("{id} is revoked: {caller} waits for approvals again"));
    Ok(())
}

/// The path of a grant, whose id is that of the hold that it answers.
fn path(id: &str) -> Result<String, Failure> {
    let hold = super::requests::path(id)
        .map_err(|failure| Failure { hints: Vec::new(), ..failure }.hint("see `kguard grants`"))?;
    Ok(hold.replacen("/v1/holds/", "/v1/grants/", 1))
}

fn print(format: Format, grants: &[Grant], now: Timestamp) -> Result<(), Failure> {
    let columns = Columns {
        headings: &["ID", "STATE", "WHO", "CLUSTER", "REQUESTS", "LEFT", "USES", "BY", "POLICY"],
        wide: 7,
        row: &|grant: &Grant| {
            let left = match &grant.ended {
                Some(_) => String::new(),
                None => age(now, grant.expires),
            };
            let uses = grant.max_uses.map(|most| format!("/{most}")).unwrap_or_default();
            vec![
                grant.id.clone(),
                state(grant).to_owned(),
                grant.caller.name.clone(),
                grant.pattern.cluster.clone(),
                pattern_text(&grant.pattern),
                left,
                format!("{}{uses}", grant.uses),
                grant.by.join(", "),
                grant.policy.clone(),
            ]
        },
    };
    columns.print(format, grants)
}

fn state(grant: &Grant) -> &'static str {
    match grant.ended.as_ref().map(|end| end.why) {
        None if grant.max_uses.is_some_and(|most| grant.uses >= most) => "used up",
        None => "in force",
        Some(EndedBy::Policy) => "policy changed",
        Some(EndedBy::Revocation) => "revoked",
        Some(EndedBy::Time) => "over",
    }
}
