//! `kguard policy suggest`: the least that allows what was done.

use kguard::policy::suggestion::Suggestion;

use crate::args::SuggestArgs;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output;

pub(super) async fn run(context: &Context, args: &SuggestArgs) -> Result<(), Failure> {
    let mut suggestion = Suggestion::new(args.caller.clone(), args.trail.between());
    args.trail.each(context, |line| suggestion.line(line)).await?;
    let (text, _) = suggestion.finish();
    match text {
        Some(text) => output::text(&text),
        None => Err(Failure::new(Kind::Other, "nothing was done that could be allowed")
            .hint("is it the right caller? `kguard audit list` names them")),
    }
}
