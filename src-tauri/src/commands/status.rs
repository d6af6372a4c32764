//! Where the app stands, and the ways from one place to another.

use std::sync::Arc;

use gardien_authority::api::SessionView;
use gardien_domain::{KeyId, MemberId};
use gardien_server::{Service, Upstream};
use gardien_vault::{VaultItem, VaultState};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{keys, phare};
use crate::app::App;
use crate::compose;
use crate::error::{Code, CommandError};
use crate::home::{GatewayState, HomeView, Local, Place};
use crate::notices::Notice;
use crate::preferences::{Connection, Saved, UpstreamKind};

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

impl From<VaultState> for KeychainState {
    fn from(state: VaultState) -> Self {
        match state {
            VaultState::Available => Self::Available,
            VaultState::Locked => Self::Locked,
            VaultState::Unavailable => Self::Unavailable,
        }
    }
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
    /// Where the person can be: this computer, and a team's server once one was joined. For the switch.
    pub(crate) homes: Vec<HomeView>,
    /// What a person has to be told once, such as a file that was put aside.
    pub(crate) notices: Vec<Notice>,
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

/// How things are. Asking changes nothing.
pub(crate) async fn app_status(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    Ok(describe(app).await)
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
    let founded = async {
        let local = found(app, &service, args, gateway).await?;
        let ready = compose::enter(&local).await?;
        Ok::<_, CommandError>((local, ready))
    };
    match founded.await {
        Ok((local, ready)) => {
            app.put_local(Some(local));
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
) -> Result<Local, CommandError> {
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
    compose::found(service.clone(), owner, gateway, kind).await
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

/// Tries again whatever is not as it should be: opening, the port, the upstream, the keychain.
pub(crate) async fn retry(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    let _moving = app.moving.lock().await;
    match app.place().1 {
        Place::Failed(_) => {
            compose::open_again(app).await;
            mend(app).await?;
        }
        Place::Ready(_) => mend(app).await?,
        Place::Starting | Place::Unfounded(_) => {}
    }
    Ok(describe(app).await)
}

/// Goes on with data that is older than what was acknowledged. What is known to have been revoked since is revoked again.
pub(crate) async fn accept_older(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    let _moving = app.moving.lock().await;
    if let Place::Failed(error) = app.place().1
        && error.is(Code::DataOlder)
    {
        compose::come_home_with(app, true).await;
    }
    Ok(describe(app).await)
}

/// Gives the keychain what it did not take, and opens what did not open.
pub(crate) async fn mend(app: &App) -> Result<(), CommandError> {
    for item in app.keeper.offer_again().await {
        if let VaultItem::KeySecret { installation, key } = item {
            keys::note_kept(app, MemberId(installation), KeyId(key), true);
        }
    }
    compose::mend(app).await
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

/// How the place is where the app is, and the other home beside it.
pub(crate) async fn describe(app: &App) -> AppStatus {
    let place = app.place().1;
    let local = app.local();
    let saved = app.preferences.read();
    let bare = AppStatus {
        stage: Stage::Starting,
        failure: None,
        connection: None,
        session: None,
        gateway: GatewayState::Stopped,
        upstream: UpstreamKind::None,
        keychain: app.keeper.last_state().into(),
        homes: homes(&place, local.as_ref(), &saved).await,
        notices: app.notices().clone(),
    };
    match place {
        Place::Starting => bare,
        Place::Unfounded(_) => AppStatus {
            stage: Stage::FirstStart,
            ..bare
        },
        Place::Failed(failure) => AppStatus {
            stage: Stage::Failed,
            failure: Some(failure),
            connection: Some(saved.connection),
            ..bare
        },
        Place::Ready(ready) => AppStatus {
            stage: Stage::Ready,
            gateway: app.gateway(&ready),
            upstream: match local {
                Some(local) if ready.is_here() => local.upstream(),
                _ => UpstreamKind::None,
            },
            connection: Some(ready.connection),
            session: Some(ready.session),
            ..bare
        },
    }
}

async fn homes(place: &Place, local: Option<&Local>, saved: &Saved) -> Vec<HomeView> {
    let here = HomeView {
        connection: Connection::Embedded,
        organization: local.map(|local| local.organization.clone()),
        current: saved.connection == Connection::Embedded,
        gateway: Some(local.map_or(GatewayState::Stopped, |local| local.gateway.clone())),
        live_keys: match local {
            Some(local) => local.live_keys().await,
            None => None,
        },
    };
    let team = saved.team.clone().map(|url| {
        let connection = Connection::Team { url };
        let organization = match place {
            Place::Ready(ready) if ready.connection == connection => {
                Some(ready.session.organization.clone())
            }
            _ => None,
        };
        HomeView {
            current: saved.connection == connection,
            connection,
            organization,
            gateway: None,
            live_keys: None,
        }
    });
    std::iter::once(here).chain(team).collect()
}
