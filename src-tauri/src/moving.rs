//! The ways between the homes of a person: this computer, and a team's server. Neither closes with the other.

use gardien_domain::paste;
use secrecy::{ExposeSecret, SecretString};

use crate::app::App;
use crate::compose;
use crate::error::{Code, CommandError};
use crate::home::{Place, Ready};
use crate::preferences::Connection;

/// Connects to a team's server.
pub(crate) async fn connect(
    app: &App,
    url: &str,
    token: &SecretString,
    keep_serving: bool,
) -> Result<(), CommandError> {
    let _moving = app.moving.lock().await;
    let url = paste::bare(url).trim_end_matches('/').to_owned();
    let token = paste::credential(token.expose_secret()).map(SecretString::from);
    let token = token.map_err(|stray| CommandError::field("token", &stray.to_string()))?;
    let joined = compose::join_team(&url, token.clone(), &app.outside.proxies).await;
    let ready = joined.map_err(beside_the_token)?;
    if let Err(fault) = app.keeper.keep(&compose::team_session(&url), token).await {
        tracing::warn!(%fault, "the session token is kept for this run only");
    }
    let former = app.preferences.read().team;
    if let Some(former) = former.filter(|former| *former != url) {
        app.keeper.forget(&compose::team_session(&former)).await;
    }
    go_to_team(app, ready, keep_serving).await
}

/// Goes to the other home. Nothing has to be entered again, and nothing is left behind.
pub(crate) async fn switch_home(
    app: &App,
    connection: Connection,
    keep_serving: bool,
) -> Result<(), CommandError> {
    let _moving = app.moving.lock().await;
    match &connection {
        Connection::Embedded => go_home(app).await,
        Connection::Team { url } => {
            if app.preferences.read().team.as_ref() != Some(url) {
                let message = "This computer is not connected to that server.";
                return Err(CommandError::new(Code::Conflict, message));
            }
            // Until it answers, the person stays where they are.
            let ready = match app.place().1 {
                Place::Ready(ready) if ready.connection == connection => *ready,
                _ => compose::open_team(app, url).await?,
            };
            go_to_team(app, ready, keep_serving).await
        }
    }
}

/// Forgets the team's server, and comes back to this computer.
pub(crate) async fn disconnect(app: &App) -> Result<(), CommandError> {
    let _moving = app.moving.lock().await;
    let Some(url) = app.preferences.read().team else {
        return Ok(());
    };
    app.keeper.forget(&compose::team_session(&url)).await;
    let forgotten = app.preferences.change(|saved| saved.team = None);
    go_home(app).await?;
    forgotten
}

async fn go_to_team(app: &App, ready: Ready, keep_serving: bool) -> Result<(), CommandError> {
    app.forget_fresh();
    let connection = ready.connection.clone();
    if keep_serving {
        if let Place::Unfounded(_) = app.place().1 {
            // There is nothing to serve yet.
            compose::close_local(app).await;
        }
        app.put(ready.into());
        compose::serve_beside(app).await;
    } else {
        compose::close_local(app).await;
        app.put(ready.into());
    }
    app.preferences.change(|saved| {
        if let Connection::Team { url } = &connection {
            saved.team = Some(url.clone());
        }
        saved.connection = connection;
        saved.keep_serving = keep_serving;
    })
}

async fn go_home(app: &App) -> Result<(), CommandError> {
    let noted = app
        .preferences
        .change(|saved| saved.connection = Connection::Embedded);
    if !matches!(app.place().1, Place::Ready(ready) if ready.is_here())
        && !matches!(app.place().1, Place::Unfounded(_))
    {
        app.forget_fresh();
        compose::come_home(app).await;
    }
    noted
}

/// What is wrong with a token that was just entered is said where it was entered, and once.
fn beside_the_token(error: CommandError) -> CommandError {
    if error.is(Code::SessionRefused) {
        CommandError::field(
            "token",
            "The server does not accept this token. Paste it whole, or ask an Owner or Admin for a new one.",
        )
    } else {
        error
    }
}
