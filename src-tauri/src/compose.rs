//! Opens what the preferences ask for, and closes it in order: the authority and the gateway on this computer, and the
//! connection to a team's server beside them.

use std::net::{Ipv4Addr, SocketAddr};

use gardien_authority::{Client, ClientFault, System};
use gardien_domain::{KeyId, MemberId};
use gardien_egress::Proxies;
use gardien_server::{ListenFault, Opening, Service};
use gardien_vault::{VaultFault, VaultItem, VaultState};
use secrecy::SecretString;

use crate::acknowledged;
use crate::app::App;
use crate::error::{Code, CommandError, chain};
use crate::home::{GatewayState, Local, Place, Ready};
use crate::notices::{self, Notice};
use crate::preferences::Connection;
use crate::recovery;

const OPENING: System = System::because("what stood behind the gateway stands there again");

/// Opens what the preferences ask for, and puts it in place.
pub(crate) async fn open(app: &App) {
    let _moving = app.moving.lock().await;
    open_again(app).await;
}

/// The same for whoever is moving already. Neither home waits for the other, and neither fails with the other.
pub(crate) async fn open_again(app: &App) {
    app.put(Place::Starting);
    let saved = app.preferences.read();
    match saved.connection {
        Connection::Embedded => come_home(app).await,
        Connection::Team { url } => {
            let serve = async {
                if saved.keep_serving {
                    serve_beside(app).await;
                }
            };
            let ((), joined) = tokio::join!(serve, open_team(app, &url));
            app.put(joined.map_or_else(failed, Place::from));
        }
    }
}

fn failed(error: CommandError) -> Place {
    tracing::error!(
        code = error.code,
        message = error.message,
        "Gardien cannot work"
    );
    Place::Failed(error)
}

/// Puts the person on this computer, which is opened unless it is open already.
pub(crate) async fn come_home(app: &App) {
    come_home_with(app, false).await;
}

/// The same, with data that is older than what was acknowledged if the person chose to go on with it.
pub(crate) async fn come_home_with(app: &App, accept_older: bool) {
    let place = match app.local() {
        Some(local) => enter(&local).await.map(Place::from),
        None => match open_local(app, accept_older).await {
            Ok(Opened::Founded(local)) => {
                let ready = enter(&local).await;
                app.put_local(Some(local));
                ready.map(Place::from)
            }
            Ok(Opened::Unfounded(service)) => Ok(Place::Unfounded(service)),
            Err(error) => Err(error),
        },
    };
    app.put(place.unwrap_or_else(failed));
}

/// Serves the keys of this computer while the person is elsewhere. What keeps it from that is said once, and keeps
/// nobody from the team's server.
pub(crate) async fn serve_beside(app: &App) {
    if app.local().is_some() {
        return;
    }
    match open_local(app, false).await {
        Ok(Opened::Founded(local)) => app.put_local(Some(local)),
        // No key, no program.
        Ok(Opened::Unfounded(service)) => service.stop().await,
        Err(error) => {
            let summary = "The keys of this computer are not served.";
            tracing::error!(code = error.code, message = error.message, summary);
            app.notice(Notice::of(error, summary));
        }
    }
}

/// Closes what is open on this computer: the gateway finishes what runs, what is counted is saved, the folder is free
/// again.
pub(crate) async fn close_local(app: &App) {
    let unfounded = match app.place().1 {
        Place::Unfounded(service) => Some(service),
        _ => None,
    };
    let local = app.local();
    if let Some(local) = &local {
        acknowledged::note(app, local).await;
    }
    app.put_local(None);
    for service in unfounded
        .into_iter()
        .chain(local.map(|local| local.service))
    {
        service.stop().await;
    }
}

/// The end of the app: no secret stays on the clipboard, the keychain has what it takes, and everything is closed.
pub(crate) async fn stop(app: &App) {
    app.clipboard.clear().await;
    let _moving = app.moving.lock().await;
    app.forget_fresh();
    // It may answer again since it was last looked at, and what it is not given now is lost.
    if app.keeper.lacks_something() && app.keeper.state().await == VaultState::Available {
        offer_again(app).await;
    }
    close_local(app).await;
    app.put(Place::Starting);
}

enum Opened {
    Founded(Local),
    Unfounded(Service),
}

async fn open_local(app: &App, accept_older: bool) -> Result<Opened, CommandError> {
    let opening = Opening {
        acknowledged: acknowledged::known(app).await,
        accept_older,
        phare: Some(app.outside.phare.clone()),
        proxies: app.outside.proxies.clone(),
        secrets: Some(app.keeper.clone()),
        // The calls of one person's programs are few.
        workers: None,
        ..Opening::default()
    };
    let service = Service::open_with(&app.folder, opening)
        .await
        .map_err(|fault| name_the_file(app, fault.into()))?;
    let opened = match service.owner().await {
        Ok(Some(owner)) => open_founded(app, service.clone(), owner)
            .await
            .map(Opened::Founded),
        Ok(None) => Ok(Opened::Unfounded(service.clone())),
        Err(fault) => Err(fault.into()),
    };
    if opened.is_err() {
        // Or trying again would find the folder in use, by ourselves.
        service.stop().await;
    }
    opened
}

/// Whoever has to put a backup in place of a file must know where it is.
fn name_the_file(app: &App, mut error: CommandError) -> CommandError {
    if error.is(Code::DataOlder) {
        let file = gardien_server::database(&app.folder);
        error.message = format!("{} The file is {}.", error.message, file.display());
    } else if !error.is(Code::Internal) && !error.is(Code::FolderUnusable) {
        let file = gardien_server::database(&app.folder);
        error.message = format!("The file is {}.", file.display());
    }
    error
}

async fn open_founded(app: &App, service: Service, owner: MemberId) -> Result<Local, CommandError> {
    recovery::find_again(app, owner).await;
    restore(&service).await;
    let gateway = listen(&service, app.preferences.read().gateway_port).await?;
    found(service, owner, gateway).await
}

/// This computer's home, once everything of it is open.
pub(crate) async fn found(
    service: Service,
    owner: MemberId,
    gateway: GatewayState,
) -> Result<Local, CommandError> {
    notices::tell_of_refusals(&service);
    let organization = service.client(owner).organization().await?.name;
    Ok(Local {
        service,
        owner,
        organization,
        gateway,
    })
}

/// What the window needs to work on this computer.
pub(crate) async fn enter(local: &Local) -> Result<Ready, CommandError> {
    let client = local.client();
    let session = client.session().await?;
    Ok(Ready {
        client,
        session,
        connection: Connection::Embedded,
    })
}

/// Puts behind the gateway what the organization belongs to. Gardien opens without it all the same: keys can still be
/// revoked.
async fn restore(service: &Service) {
    if let Err(fault) = service.authority().restore(OPENING).await {
        tracing::warn!(error = chain(&fault), "the upstream is not attached");
    }
}

/// Opens the gateway on this port of this computer. A port that is taken is a state, not an end: everything else works.
pub(crate) async fn listen(service: &Service, port: u16) -> Result<GatewayState, CommandError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match service.listen_gateway(address).await {
        Ok(address) => Ok(GatewayState::Running {
            address: format!("http://{address}"),
        }),
        Err(ListenFault::Busy { .. }) => Ok(GatewayState::PortBusy { port }),
        Err(fault) => Err(fault.into()),
    }
}

/// Moves the gateway of this computer to another port, if it is open. Where that is taken, nothing changes. `field` is
/// where it was typed.
pub(crate) async fn move_gateway(app: &App, field: &str, port: u16) -> Result<(), CommandError> {
    check_port(field, port)?;
    let Some(local) = app.local() else {
        return Ok(());
    };
    let gateway = match listen(&local.service, port).await? {
        GatewayState::PortBusy { port } => return Err(busy(field, port)),
        GatewayState::Running { address } if local.gateway.is_paused() => {
            GatewayState::Paused { address }
        }
        other => other,
    };
    app.change_local(|local| local.gateway = gateway);
    Ok(())
}

/// Lets this computer's gateway rest, or go on. A start always serves.
pub(crate) async fn pause(app: &App, paused: bool) -> Result<(), CommandError> {
    let _moving = app.moving.lock().await;
    let local = app.local().ok_or_else(|| {
        CommandError::new(Code::Conflict, "The gateway of this computer is not open.")
    })?;
    let gateway = match local.gateway {
        GatewayState::Running { address } if paused => GatewayState::Paused { address },
        GatewayState::Paused { address } if !paused => GatewayState::Running { address },
        _ => return Ok(()),
    };
    local.service.pause_gateway(paused);
    app.change_local(|local| local.gateway = gateway);
    Ok(())
}

/// A port that a person may choose: those below need rights that Gardien does not have.
pub(crate) fn check_port(field: &str, port: u16) -> Result<(), CommandError> {
    if port < 1024 {
        let message = "A port is a number from 1024 to 65535.";
        return Err(CommandError::field(field, message));
    }
    Ok(())
}

/// That another program has the port, beside where it was typed.
pub(crate) fn busy(field: &str, port: u16) -> CommandError {
    let message = format!("Another program uses port {port}.");
    CommandError::new(Code::PortBusy, &message).at(field, &message)
}

/// Gives the keychain what it did not take, and notes which secrets of keys it holds now.
async fn offer_again(app: &App) {
    for item in app.keeper.offer_again().await {
        if let VaultItem::KeySecret { installation, key } = item {
            app.note_kept(MemberId(installation), KeyId(key), true);
        }
    }
    app.changed();
}

/// Gives the keychain what it did not take, and tries again what did not work on this computer when it was opened: the
/// port, the upstream.
pub(crate) async fn mend(app: &App) -> Result<(), CommandError> {
    offer_again(app).await;
    let Some(local) = app.local() else {
        return Ok(());
    };
    if !local.gateway.is_running() && !local.gateway.is_paused() {
        let gateway = listen(&local.service, app.preferences.read().gateway_port).await?;
        app.change_local(|local| local.gateway = gateway);
    }
    restore(&local.service).await;
    app.changed();
    Ok(())
}

/// The name that the session token for a server is kept under.
pub(crate) fn team_session(url: &str) -> VaultItem {
    VaultItem::TeamSession {
        url: url.to_owned(),
    }
}

pub(crate) async fn open_team(app: &App, url: &str) -> Result<Ready, CommandError> {
    let token = match app.keeper.get(&team_session(url)).await {
        Ok(token) => token,
        Err(VaultFault::Locked) => return Err(VaultFault::Locked.into()),
        Err(VaultFault::NotFound) => {
            let message = "This computer no longer holds the session token.";
            return Err(CommandError::new(Code::SessionRefused, message));
        }
        Err(VaultFault::Unavailable) => {
            let message =
                "No keychain answers on this computer, so the session token was not kept.";
            return Err(CommandError::new(Code::SessionRefused, message));
        }
    };
    join_team(url, token, &app.outside.proxies).await
}

/// Connects to a team's server.
///
/// # Errors
/// `invalid` for an address that no token may be sent to, `connection_unreachable`, `session_refused`.
pub(crate) async fn join_team(
    url: &str,
    token: SecretString,
    proxies: &Proxies,
) -> Result<Ready, CommandError> {
    let client = Client::remote(url, token, proxies).map_err(|fault| not_joined(url, fault))?;
    match client.session().await {
        Ok(session) => Ok(Ready {
            client,
            session,
            connection: Connection::Team {
                url: url.to_owned(),
            },
        }),
        // The address was fine, so it is the token that cannot be sent.
        Err(ClientFault::Address(reason)) => Err(CommandError::field("token", reason)),
        Err(fault) => Err(not_joined(url, fault)),
    }
}

fn not_joined(url: &str, fault: ClientFault) -> CommandError {
    let message = match &fault {
        ClientFault::Unexpected { .. } => {
            format!("What answers at {url} is no Gardien server, or one of another version.")
        }
        ClientFault::Unreachable { way, .. } => format!("Nothing answers at {url}{way}."),
        ClientFault::Refused(_) | ClientFault::Address(_) | ClientFault::Stray(_) => {
            return fault.into();
        }
    };
    tracing::warn!(error = chain(&fault), "the team server cannot be used");
    CommandError::new(Code::ConnectionUnreachable, message)
}
