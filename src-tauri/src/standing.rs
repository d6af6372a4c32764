//! How things are, put together. Asking changes nothing.

use crate::app::App;
use crate::home::{GatewayState, HomeView, Local, Place, UpstreamKind};
use crate::preferences::{Connection, Saved};
use crate::status::{AppStatus, Stage};

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
        base_url: GatewayState::Stopped.base_url(),
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
            base_url: app.gateway(&ready).base_url(),
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
