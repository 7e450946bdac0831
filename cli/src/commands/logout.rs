//! `kguard logout`: forgets the login, tokens first, and ends what still works with them.

use super::env::Background;
use crate::context::Context;
use crate::credentials::LoginTokens;
use crate::credentials::store::Store;
use crate::failure::Failure;

pub(super) async fn run(context: Context) -> Result<(), Failure> {
    let gateway = context.gateway()?;
    // A proxy in the background would go on with the token that it has.
    Background::of(&context)?.stop().await?;
    let mut config = context.config.clone();
    if config.gateway.as_ref() != Some(&gateway) || config.login.is_none() {
        context.ui.note("you were not logged in");
        return Ok(());
    }
    LoginTokens::new(&context.folders, &gateway).forget()?;
    if let Some(login) = config.login.take() {
        Store::new(login.storage, &context.folders, &gateway).delete().await?;
    }
    config.save(&context.folders)?;
    context.ui.note(format_args!("logged out of {gateway}"));
    Ok(())
}
