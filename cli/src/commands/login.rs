//! `kguard login`: the device flow, against the issuer that the gateway names.

use std::time::Duration;

use kguard::api::{LoginInfo, WhoAmI};
use kguard::redact::Secret;

use crate::args::LoginArgs;
use crate::config::{Config, Login, Storage};
use crate::context::{Context, Target};
use crate::credentials::store::Store;
use crate::credentials::{LoginTokens, issuer_client};
use crate::failure::Failure;
use crate::oidc::{OidcError, Pending, Poll, Proof, Provider, TokenSet};
use crate::ui::clean;

pub(super) async fn run(mut context: Context, args: &LoginArgs) -> Result<(), Failure> {
    let gateway = context.gateway()?;
    let mut config = context.config.clone().of(&gateway);
    if let Some(path) = &args.ca {
        config.ca = Some(std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(format_args!("cannot read {}: {error}", path.display()))
        })?);
    }
    context.config = config.clone();
    let target = context.target()?;
    let storage = if args.insecure_storage { Storage::File } else { Storage::Keyring };
    let store = Store::new(storage, &context.folders, &gateway);
    // Before anybody goes to the browser for nothing.
    store.probe().await?;

    let info: LoginInfo = target.control()?.anonymous("/v1/login").await?;
    let proof = if args.fresh { Proof::Fresh } else { Proof::Usual };
    let (provider, tokens) = ask(&context, &info, proof).await?;
    let id_token = tokens.id_token.ok_or(OidcError::NoIdToken)?;
    match &tokens.refresh_token {
        Some(refresh) => store.save(refresh).await?,
        None => context.ui.warn("the issuer gives no refresh token: this login ends soon"),
    }
    config.gateway = Some(gateway.clone());
    config.login = Some(Login {
        client_id: provider.client_id,
        token_endpoint: provider.token_endpoint,
        issuer_ca: info.issuer_ca,
        storage,
    });
    LoginTokens::new(&context.folders, &gateway).remember(&id_token)?;
    config.save(&context.folders)?;
    greet(context, &target, config, &id_token).await
}

/// Shows the code and waits until it was entered.
async fn ask(
    context: &Context,
    info: &LoginInfo,
    proof: Proof,
) -> Result<(Provider, TokenSet), Failure> {
    let http = issuer_client(info.issuer_ca.as_deref())?;
    let (provider, endpoint) = Provider::discover(http, &info.issuer, &info.client_id).await?;
    let mut pending = Pending::start(&provider, &endpoint, (&info.scopes, proof)).await?;
    let code = &pending.code;
    let page = code.verification_uri_complete.as_ref().unwrap_or(&code.verification_uri);
    context.ui.note(format_args!("Open {}", clean(page)));
    let user_code = context.ui.bold(&clean(&code.user_code));
    context.ui.note(format_args!("and confirm the code {user_code}"));
    let spinner = context.ui.spinner("waiting for you".to_owned());
    let end = tokio::time::Instant::now() + Duration::from_secs(code.expires_in);
    let polled = tokio::time::timeout_at(end, async {
        loop {
            tokio::time::sleep(pending.interval()).await;
            if let Poll::Done(tokens) = pending.poll(&provider).await? {
                return Ok::<_, OidcError>(tokens);
            }
        }
    });
    let tokens = polled.await.unwrap_or(Err(OidcError::CodeExpired));
    spinner.finish_and_clear();
    Ok((provider, tokens?))
}

/// Lets the gateway say who that was: only its word counts.
async fn greet(
    mut context: Context,
    target: &Target,
    config: Config,
    id_token: &Secret<String>,
) -> Result<(), Failure> {
    context.config = config;
    let who: WhoAmI = context.control()?.get("/v1/whoami").await?;
    context.ui.note(format_args!("logged in to {} as {}", target.gateway, clean(&who.caller.name)));
    if context.target()?.tokens.get().await?.expose() != id_token.expose() {
        context.ui.warn("a token from elsewhere comes before this login; see `kguard doctor`");
    }
    Ok(())
}
