//! `kguard deny`: refuses a held request.

use kguard::api::{Decide, GrantOffer, Hold, Verdict};

use crate::args::DenyArgs;
use crate::context::Context;
use crate::control::Control;
use crate::failure::Failure;
use crate::hold_card::state;
use crate::ui::clean;

use super::requests::path;

pub(super) async fn run(context: &Context, args: &DenyArgs) -> Result<(), Failure> {
    let control = context.control()?;
    let hold: Hold = control.get(&path(&args.id)?).await?;
    let decided = decide(&control, &hold, (Verdict::Deny, args.comment.clone(), None)).await?;
    context.ui.note(format_args!("{} is {}", clean(&decided.id), state(&decided)));
    Ok(())
}

/// Decides on exactly what was shown: the digest says what that was.
pub(super) async fn decide(
    control: &Control,
    hold: &Hold,
    (verdict, comment, grant): (Verdict, Option<String>, Option<GrantOffer>),
) -> Result<Hold, Failure> {
    let (digest, grant) = (hold.digest.clone(), grant.map(Box::new));
    let decision = Decide { verdict, comment, digest, grant };
    Ok(control.post(&format!("{}/decision", path(&hold.id)?), &decision).await?)
}
