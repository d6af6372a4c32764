//! Where the app stands, and the ways from one place to another.

use std::sync::Arc;

use gardien_authority::api::SessionView;
use gardien_domain::{KeyId, MemberId};
use gardien_server::{Service, Upstream};
use gardien_vault::{VaultItem, VaultState};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{keys, phare};
use crate::app::{App, GatewayState, Place, Ready};
use crate::compose;
use crate::error::{Code, CommandError};
use crate::preferences::{Connection, UpstreamKind};

/// How far the app has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Starting,
    FirstStart,
    Ready,
    Failed,
}

/// What the keychain is good for right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeychainState {
    Available,
    Locked,
    Unavailable,
}

/// Everything that the frame of the window shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct AppStatus {
    pub(crate) stage: Stage,
    /// Why, when the stage is `failed`.
    pub(crate) failure: Option<CommandError>,
    pub(crate) connection: Option<Connection>,
    pub(crate) session: Option<SessionView>,
    pub(crate) gateway: GatewayState,
    pub(crate) upstream: UpstreamKind,
    pub(crate) keychain: KeychainState,
}

/// What the first start on this computer needs.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct FirstStart {
    organization: String,
    /// Mail address of the Owner.
    email: String,
    /// Where the gateway listens.
    port: u16,
    upstream: UpstreamChoice,
}

/// What to put behind the gateway.
#[derive(Debug, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum UpstreamChoice {
    Sandbox,
    Phare {
        /// Phare's own key.
        #[ts(type = "string")]
        key: SecretString,
    },
}

/// A team's server and the session token for it.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct Connect {
    url: String,
    #[ts(type = "string")]
    token: SecretString,
}

/// How things are. Asked again and again: what it finds out about the session is kept.
pub(crate) async fn app_status(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    let (turn, place) = app.place();
    if let Place::Ready(ready) = place {
        match ready.client.session().await.map_err(CommandError::from) {
            Ok(session) if session != ready.session => {
                app.put_unless_moved(turn, Ready { session, ..*ready }.into());
            }
            Err(error) if error.is(Code::SessionRefused) => {
                app.put_unless_moved(turn, Place::Failed(error))
            }
            // A server that does not answer leaves readable what is loaded.
            Ok(_) | Err(_) => {}
        }
    }
    let status = describe(app).await;
    // Whoever unlocked the keychain has done all that can be asked of a person.
    if status.keychain == KeychainState::Available
        && app.keeper.was_refused()
        && let Ok(_moving) = app.moving.try_lock()
    {
        mend(app).await?;
        return Ok(describe(app).await);
    }
    Ok(status)
}

/// Founds the organization on this computer.
///
/// Nothing is founded unless the port is free and the values are right; so the form can be sent again.
pub(crate) async fn first_start(
    app: &Arc<App>,
    args: FirstStart,
) -> Result<AppStatus, CommandError> {
    let _moving = app.moving.lock().await;
    let Place::Unfounded(service) = app.place().1 else {
        return Err(CommandError::new(
            Code::Conflict,
            "The organization exists already.",
        ));
    };
    check_port("port", args.port)?;
    let gateway = compose::listen(&service, args.port).await?;
    if let GatewayState::PortBusy { port } = gateway {
        let message = format!("Another program uses port {port}.");
        return Err(CommandError::new(Code::PortBusy, &message).at("port", &message));
    }
    let founded = found(app, &service, args, gateway).await;
    match founded {
        Ok(ready) => {
            app.put(ready.into());
            Ok(describe(app).await)
        }
        Err(error) => {
            service.stop_gateway().await;
            Err(error)
        }
    }
}

async fn found(
    app: &App,
    service: &Service,
    args: FirstStart,
    gateway: GatewayState,
) -> Result<Ready, CommandError> {
    let kind = match &args.upstream {
        UpstreamChoice::Sandbox => UpstreamKind::Sandbox,
        UpstreamChoice::Phare { .. } => UpstreamKind::Phare,
    };
    app.preferences.change(|saved| {
        saved.gateway_port = args.port;
        saved.upstream = kind;
    })?;
    let founding = service.found(&args.organization, &args.email);
    let owner = match args.upstream {
        UpstreamChoice::Sandbox => {
            compose::attach(service, Upstream::Sandbox).await?;
            let founded = async {
                service.synchronize().await?;
                let owner = founding.await?;
                service.adopt_upstream().await?;
                Ok::<_, CommandError>(owner)
            };
            match founded.await {
                Ok(owner) => owner,
                Err(error) => {
                    compose::attach(service, Upstream::None).await?;
                    return Err(error);
                }
            }
        }
        UpstreamChoice::Phare { key } => {
            let first = phare::FirstKey::examine(app, service, key).await;
            let founded = async {
                let first = first?;
                Ok::<_, CommandError>((first, founding.await?))
            };
            match founded.await {
                Ok((first, owner)) => {
                    // The organization stands. What is missing now can be attached in its settings.
                    if let Err(error) = first.attach(app, service, owner).await {
                        tracing::error!(code = error.code, "Phare's key is not attached");
                    }
                    owner
                }
                Err(error) => {
                    compose::attach(service, Upstream::None).await?;
                    return Err(error);
                }
            }
        }
    };
    compose::enter(service.clone(), owner, gateway, kind).await
}

/// What Phare says against its key belongs beside the field that it was typed into.
pub(crate) fn beside_the_key(error: CommandError) -> CommandError {
    let message = error.message.clone();
    if error.is(Code::UpstreamRefused) {
        error.at("key", &message)
    } else {
        error
    }
}

/// Connects to a team's server. What is on this computer stays, closed, until the person disconnects.
pub(crate) async fn connect(app: &Arc<App>, args: Connect) -> Result<AppStatus, CommandError> {
    let _moving = app.moving.lock().await;
    let url = args.url.trim().trim_end_matches('/').to_owned();
    let token = SecretString::from(args.token.expose_secret().trim());
    let ready = compose::join_team(&url, token.clone()).await?;
    if let Err(fault) = app.keeper.keep(&compose::team_session(&url), token).await {
        tracing::warn!(%fault, "the session token is kept for this run only");
    }
    if let Connection::Team { url: former } = app.preferences.read().connection
        && former != url
    {
        app.keeper.forget(&compose::team_session(&former)).await;
    }
    compose::close(app).await;
    app.put(ready.into());
    app.preferences
        .change(|saved| saved.connection = Connection::Team { url })?;
    Ok(describe(app).await)
}

/// Leaves the team's server and comes back to what is on this computer.
pub(crate) async fn disconnect(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    let _moving = app.moving.lock().await;
    if let Connection::Team { url } = app.preferences.read().connection {
        app.keeper.forget(&compose::team_session(&url)).await;
        app.preferences
            .change(|saved| saved.connection = Connection::Embedded)?;
        compose::close(app).await;
        compose::open_again(app).await;
    }
    Ok(describe(app).await)
}

/// Tries again whatever is not as it should be: opening, the port, the upstream, the keychain.
pub(crate) async fn retry(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    let _moving = app.moving.lock().await;
    match app.place().1 {
        Place::Failed(_) => compose::open_again(app).await,
        Place::Ready(_) => mend(app).await?,
        Place::Starting | Place::Unfounded(_) => {}
    }
    Ok(describe(app).await)
}

/// Gives the keychain what it did not take, and opens what did not open.
async fn mend(app: &App) -> Result<(), CommandError> {
    for item in app.keeper.offer_again().await {
        if let VaultItem::KeySecret { installation, key } = item {
            keys::note_kept(app, MemberId(installation), KeyId(key), true);
        }
    }
    if let Place::Ready(ready) = app.place().1 {
        app.put(compose::mend(app, *ready).await?.into());
    }
    Ok(())
}

/// A port that a person may choose: those below need rights that Gardien does not have.
pub(crate) fn check_port(field: &str, port: u16) -> Result<(), CommandError> {
    if port < 1024 {
        return Err(CommandError::field(
            field,
            "A port is a number from 1024 to 65535.",
        ));
    }
    Ok(())
}

/// The status of the place where the app is.
pub(crate) async fn describe(app: &App) -> AppStatus {
    let keychain = match app.keeper.state().await {
        VaultState::Available => KeychainState::Available,
        VaultState::Locked => KeychainState::Locked,
        VaultState::Unavailable => KeychainState::Unavailable,
    };
    let bare = AppStatus {
        stage: Stage::Starting,
        failure: None,
        connection: None,
        session: None,
        gateway: GatewayState::Stopped,
        upstream: UpstreamKind::None,
        keychain,
    };
    match app.place().1 {
        Place::Starting => bare,
        Place::Unfounded(_) => AppStatus {
            stage: Stage::FirstStart,
            ..bare
        },
        Place::Failed(failure) => AppStatus {
            stage: Stage::Failed,
            failure: Some(failure),
            connection: Some(app.preferences.read().connection),
            ..bare
        },
        Place::Ready(ready) => AppStatus {
            stage: Stage::Ready,
            gateway: ready.gateway(),
            connection: Some(ready.connection()),
            upstream: ready.upstream(),
            session: Some(ready.session),
            ..bare
        },
    }
}
