//! Keeps the window current: what changes is pushed to it, wherever the person is. Nobody asks while nobody sees.

use std::sync::Arc;
use std::time::Duration;

use gardien_authority::api::Event;
use gardien_vault::VaultState;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use crate::app::App;
use crate::compose::mend;
use crate::home::{Local, Place, Ready};
use crate::listener::WindowEvent;
use crate::poll;
use crate::standing::describe;

/// How often the keychain is looked at while somebody sees what it says, and while a gateway waits for it unseen.
const LOOK: Duration = Duration::from_secs(2);
const LOOK_UNSEEN: Duration = Duration::from_secs(10);

/// Pushes the status whenever it has changed, until the app ends.
pub(crate) async fn status(app: Arc<App>) {
    let (mut changes, mut keychain) = (app.changes(), app.keeper.refusals());
    loop {
        let status = describe(&app).await;
        app.shell.tell(&status);
        app.listener.tell_status(status);
        let changed = tokio::select! {
            changed = changes.changed() => changed,
            changed = keychain.changed() => changed,
        };
        if changed.is_err() {
            return;
        }
    }
}

/// Pushes what changes at the authority where the person is, until the app ends.
pub(crate) async fn authority(app: Arc<App>) {
    loop {
        let (turn, place) = app.place();
        match place {
            Place::Ready(ready) => tokio::select! {
                () = app.moved(turn) => {}
                () = while_seen(&app, turn, &ready) => {}
            },
            _ => app.moved(turn).await,
        }
        app.listener.tell_left();
    }
}

/// Follows while the window is shown. What changed before is asked for again whenever it is shown anew.
async fn while_seen(app: &App, turn: u64, ready: &Ready) {
    let mut visible = app.listener.visible();
    loop {
        if visible.wait_for(|seen| *seen).await.is_err() {
            return;
        }
        tokio::select! {
            () = until_hidden(&mut visible) => {}
            () = one(app, turn, ready) => {}
        }
        if visible.wait_for(|seen| *seen).await.is_ok() {
            ask_for_everything(app);
        }
    }
}

async fn until_hidden(visible: &mut watch::Receiver<bool>) {
    if visible.wait_for(|seen| !seen).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn one(app: &App, turn: u64, ready: &Ready) {
    match app.local() {
        Some(local) if ready.is_here() => relay(app, turn, &local).await,
        _ => poll::team(app, turn, &ready.client).await,
    }
}

async fn relay(app: &App, turn: u64, local: &Local) {
    let mut events = local.service.events();
    loop {
        match events.recv().await {
            Ok(change) => {
                match &change {
                    Event::Organization => renew(app, turn, local).await,
                    // How many live ones there are is part of the status, and whether Phare can be called.
                    Event::Keys { .. } | Event::PhareKeys => app.changed(),
                    _ => {}
                }
                app.listener.tell(WindowEvent::Changed { change });
            }
            Err(RecvError::Lagged(_)) => ask_for_everything(app),
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

async fn renew(app: &App, turn: u64, local: &Local) {
    match local.client().session().await {
        Ok(session) => {
            let name = session.organization.clone();
            app.change_local(|local| local.organization = name);
            app.renew(turn, session);
        }
        Err(fault) => tracing::warn!(%fault, "the session cannot be read"),
    }
}

/// Nobody knows what changed meanwhile.
fn ask_for_everything(app: &App) {
    for change in [
        Event::Projects,
        Event::PhareKeys,
        Event::Organization,
        Event::Gateways,
    ] {
        app.listener.tell(WindowEvent::Changed { change });
    }
    app.changed();
}

/// Looks after the keychain: says when it is locked, and gives it what it did not take once it is not. Whoever unlocked
/// it has done all that can be asked of a person.
pub(crate) async fn keychain(app: Arc<App>) {
    let mut visible = app.listener.visible();
    loop {
        let seen = *visible.borrow_and_update();
        if seen || app.keeper.lacks_something() {
            let before = app.keeper.last_state();
            let now = app.keeper.state().await;
            if now == VaultState::Available
                && app.keeper.lacks_something()
                && let Ok(_moving) = app.moving.try_lock()
                && let Err(error) = mend(&app).await
            {
                tracing::warn!(code = error.code, message = error.message, "not mended");
            }
            if app.keeper.last_state() != before {
                app.changed();
            }
        }
        let pause = if seen { LOOK } else { LOOK_UNSEEN };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            Ok(()) = visible.changed() => {}
        }
    }
}
