//! What each command does.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use gardien_authority::api::KeysOfRemoved;
use gardien_authority::client::server_address;
use gardien_authority::{
    ClientFault, Elsewhere, Fault, System, UpstreamIdentity, command_line, issue_session,
};
use gardien_domain::PhareSecret;
use gardien_domain::lease::Terms;
use gardien_domain::paste::{self, StrayCharacter};
use gardien_egress::{Proxies, UnusableProxy};
use gardien_server::{
    ListenFault, OpenFault, Opening, ResealFault, SealingKeyFault, SealingKeys, Service, Sharing,
    database, steady_clock,
};
use gardien_store::postgres::AddressFault;
use gardien_store::{Database, Postgres, PostgresOptions, Sqlite, StoreError};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::arguments::{
    Kept, Listen, RemoveMember, Reseal, Sealing, Serve, Sessions, Shared, Token,
};

/// How long the start waits for Phare's projects.
const PROJECTS: Duration = Duration::from_secs(5);
/// The variable that holds Phare's key.
const PHARE_API_KEY: &str = "PHARE_API_KEY";
/// The variable that holds the sealing key, or several, one a line.
const SEALING_KEY: &str = "GARDIEN_SEALING_KEY";

/// Why a command ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandFault {
    #[error("{0}")]
    Open(#[from] OpenFault),
    #[error("{0}; put the newest copy in its place, or go on with this one: --accept-older")]
    Older(#[source] OpenFault),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Authority(#[from] Fault),
    #[error("{0}")]
    Listen(#[from] ListenFault),
    #[error("--phare: {0}")]
    PhareAddress(#[source] ClientFault),
    #[error("{0}")]
    Proxy(#[from] UnusableProxy),
    #[error(
        "with a URL, Phare's key is needed: set {PHARE_API_KEY} or --phare-key-file; or a sealing key, and people attach \
         keys in Gardien: set {SEALING_KEY} or --sealing-key-file"
    )]
    NoPhareKey,
    #[error("a sealing key is needed: set {SEALING_KEY} or --sealing-key-file")]
    NoSealingKey,
    #[error("the sealing key cannot be used: {0}")]
    SealingKey(#[source] SealingKeyFault),
    #[error("{0}")]
    Reseal(#[from] ResealFault),
    #[error("what was given as Phare's key is too short to be one")]
    ShortPhareKey,
    #[error("what was given as Phare's key cannot be one: {0}")]
    StrayInPhareKey(#[source] StrayCharacter),
    #[error("what was given as Phare's key is no text: save it as UTF-8")]
    KeyNotText,
    #[error("the key file {} cannot be read", .0.display())]
    KeyFile(PathBuf, #[source] io::Error),
    #[error("the file with the address of the database, {}, cannot be read", .0.display())]
    DatabaseFile(PathBuf, #[source] io::Error),
    #[error("there is no data of a server in {}", .0.display())]
    NoData(PathBuf),
    #[error("--data or --database is needed")]
    NothingKept,
    #[error("--database: {0}")]
    Database(#[source] AddressFault),
    #[error("with both --gateway off and --management off there is nothing to serve")]
    NothingToServe,
    #[error("the system refuses the signals that end a server")]
    Signals(#[source] io::Error),
    #[error("standard output cannot be written")]
    Output(#[source] io::Error),
}

/// Connections to a shared database of a server that manages nothing: its gateway asks little of it, and there may be many.
const CONNECTIONS_OF_A_GATEWAY: u32 = 4;
const FOLDER: System = System::because("whoever can write the data could open a session anyway");
const START: System = System::because("nobody sits in front of a server");

/// Runs until SIGTERM or Ctrl-C, then drains.
pub(crate) async fn serve(mut serve: Serve) -> Result<(), CommandFault> {
    serve.phare = paste::bare(&serve.phare).to_owned();
    let sealing = sealing_keys(&serve.sealing)?;
    let given = given(&serve, sealing.is_some())?;
    // What is no text names no proxy that can be used, which is not that it names none.
    let variable = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
    let proxies = Proxies::of_environment(variable);
    proxies.all_usable()?;
    // Before anything is open: a signal that comes early must not cut a start in two.
    let stop = stop_signal().map_err(CommandFault::Signals)?;
    if serve.gateway == Listen(None) && serve.management == Listen(None) {
        return Err(CommandFault::NothingToServe);
    }
    let listening = [serve.gateway.0, serve.management.0, serve.metrics.0];
    for address in listening.into_iter().flatten() {
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "this address is reached from other machines over plain HTTP: put TLS in front of it");
        }
    }
    let opening = Opening {
        accept_older: serve.accept_older,
        phare: given.phare().then(|| serve.phare.clone()),
        sealing,
        proxies,
        workers: serve
            .workers
            .or_else(|| thread::available_parallelism().ok()),
        sharing: sharing(&serve)?,
        ..Opening::default()
    };
    let service = Service::open_with(&serve.data, opening)
        .await
        .map_err(how_to_go_on)?;
    let served = run(&service, &serve, given, stop).await;
    service.stop().await;
    served
}

fn how_to_go_on(fault: OpenFault) -> CommandFault {
    match fault {
        OpenFault::Older { .. } => CommandFault::Older(fault),
        fault => fault.into(),
    }
}

async fn run(
    service: &Service,
    serve: &Serve,
    given: Given,
    stop: impl Future<Output = ()>,
) -> Result<(), CommandFault> {
    service.authority().ensure_organization(START).await?;
    match given {
        Given::Sandbox => {
            let sandbox = UpstreamIdentity::Sandbox;
            service.authority().attach(START, &sandbox).await?;
        }
        Given::Keys(keys) => service.attach_given(&keys).await?,
        Given::Sealed => {
            let url = serve.phare.clone();
            let phare = UpstreamIdentity::Phare { url };
            service.authority().attach(START, &phare).await?;
        }
    }
    service.synchronized(PROJECTS).await;
    let mut ready = serde_json::Map::new();
    let url = |address| format!("http://{address}").into();
    if let Some(address) = serve.management.0 {
        let address = service.listen_management(address).await?;
        ready.insert("management".to_owned(), url(address));
    }
    if let Some(address) = serve.gateway.0 {
        let address = service.listen_gateway(address).await?;
        ready.insert("gateway".to_owned(), url(address));
    }
    if let Some(address) = serve.metrics.0 {
        let address = service.listen_metrics(address).await?;
        ready.insert("metrics".to_owned(), url(address));
    }
    if let Some(url) = &serve.gateway_url {
        service.announce_gateway(url);
    }
    let ready = serde_json::Value::Object(ready).to_string();
    print(&ready)?;
    tracing::info!(listening = ready, "ready");
    stop.await;
    tracing::info!("stopping");
    Ok(())
}

/// What is to stand behind the gateway.
enum Given {
    Sandbox,
    /// Phare, called with exactly these keys.
    Keys(Vec<SecretString>),
    /// Phare, called with the keys that people attach, which are sealed in the database.
    Sealed,
}

impl Given {
    fn phare(&self) -> bool {
        !matches!(self, Self::Sandbox)
    }
}

/// What the command line and the environment give.
fn given(serve: &Serve, sealed: bool) -> Result<Given, CommandFault> {
    if serve.phare == "sandbox" {
        return Ok(Given::Sandbox);
    }
    // Phare's key must not leave this machine unencrypted.
    server_address(&serve.phare).map_err(CommandFault::PhareAddress)?;
    let bytes = match (&serve.phare_key_file, std::env::var_os(PHARE_API_KEY)) {
        (Some(file), _) => read(file)?,
        (None, Some(key)) => Zeroizing::new(key.into_encoded_bytes()),
        (None, None) if sealed => return Ok(Given::Sealed),
        (None, None) => return Err(CommandFault::NoPhareKey),
    };
    let given = paste::decoded(&bytes).ok_or(CommandFault::KeyNotText)?;
    let keys = paste::credentials(&given).map_err(CommandFault::StrayInPhareKey)?;
    let keys: Vec<SecretString> = keys.into_iter().map(SecretString::from).collect();
    if keys.is_empty() {
        return Err(CommandFault::NoPhareKey);
    }
    let too_short =
        |key: &SecretString| PhareSecret::display_of(key.expose_secret()).ends_with('…');
    if keys.iter().any(too_short) {
        return Err(CommandFault::ShortPhareKey);
    }
    Ok(Given::Keys(keys))
}

fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, CommandFault> {
    let read = secret_of(file).map(Zeroizing::new);
    read.map_err(|error| CommandFault::KeyFile(file.to_owned(), error))
}

fn sealing_keys(sealing: &Sealing) -> Result<Option<SealingKeys>, CommandFault> {
    let bytes = match (&sealing.sealing_key_file, std::env::var_os(SEALING_KEY)) {
        (Some(file), _) => read(file)?,
        (None, Some(key)) => Zeroizing::new(key.into_encoded_bytes()),
        (None, None) => return Ok(None),
    };
    let text = std::str::from_utf8(&bytes).unwrap_or("?");
    let keys = SealingKeys::from_text(text);
    keys.map(Some).map_err(CommandFault::SealingKey)
}

/// Seals the secrets of Phare's keys anew. Servers may run on the same data meanwhile.
pub(crate) async fn reseal(reseal: Reseal) -> Result<(), CommandFault> {
    let keys = sealing_keys(&reseal.sealing)?.ok_or(CommandFault::NoSealingKey)?;
    let store = existing(&reseal.kept).await?;
    let resealed = keys.reseal(&*store).await;
    store.close().await;
    print(&format!("{} sealed anew", resealed?))
}

fn sharing(serve: &Serve) -> Result<Option<Sharing>, CommandFault> {
    let database = options(&serve.shared)?;
    Ok(database.map(|database| Sharing {
        database: match serve.management {
            Listen(None) => database.connections(CONNECTIONS_OF_A_GATEWAY),
            Listen(Some(_)) => database,
        },
        gateway: serve.gateway != Listen(None),
        name: serve.name.clone().unwrap_or_else(machine),
        terms: Terms::of(serve.lease * 1_000),
    }))
}

fn options(shared: &Shared) -> Result<Option<PostgresOptions>, CommandFault> {
    let mut address = shared.database.clone();
    if let Some(file) = &shared.database_file {
        let fault = |error| CommandFault::DatabaseFile(file.clone(), error);
        let bytes = Zeroizing::new(secret_of(file).map_err(fault)?);
        let text = str::from_utf8(&bytes).map_err(|error| fault(io::Error::other(error)))?;
        address = Some(text.trim().into());
    }
    let options = address.map(|address| PostgresOptions::from_url(address.expose_secret()));
    options.transpose().map_err(CommandFault::Database)
}

/// What a file holds that only its owner should read. Whoever mounts secrets into a container cannot always see to that.
fn secret_of(file: &Path) -> io::Result<Vec<u8>> {
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(file)?.permissions()) & 0o4 != 0 {
        tracing::warn!(file = %file.display(), "anybody on this machine can read this file, which holds a secret");
    }
    std::fs::read(file)
}

#[cfg(unix)]
fn machine() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn machine() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "gardien".to_owned())
}

/// Prints a session token. A server may run on the same data meanwhile.
pub(crate) async fn token(token: Token) -> Result<(), CommandFault> {
    let store = match shared(&token.kept).await? {
        Some(shared) => shared,
        None => Arc::new(Sqlite::open(&database(folder(&token.kept)?)).await?),
    };
    let issued = issue_session(FOLDER, &*store, &token.email, token.role, Timestamp::now()).await;
    store.close().await;
    print(issued?.expose_secret())
}

/// Lists the open sessions, a line each, or ends one. A server may run on the same data meanwhile.
pub(crate) async fn sessions(sessions: Sessions) -> Result<(), CommandFault> {
    let store = existing(&sessions.kept).await?;
    let now = Timestamp::now();
    let listed = match sessions.end {
        Some(id) => command_line::end_session(FOLDER, &*store, id, now)
            .await
            .map(|()| Vec::new()),
        None => command_line::open_sessions(FOLDER, &*store, now).await,
    };
    store.close().await;
    for session in listed? {
        print(&format!(
            "{}\t{}\topened {}\tends {}",
            session.id, session.email, session.created_at, session.expires_at
        ))?;
    }
    Ok(())
}

/// Removes a member. A server may run on the same data meanwhile.
pub(crate) async fn remove_member(removal: RemoveMember) -> Result<(), CommandFault> {
    let store = existing(&removal.kept).await?;
    let keys = if removal.revoke_keys {
        KeysOfRemoved::Revoke
    } else {
        KeysOfRemoved::Keep
    };
    let (email, now) = (&removal.email, Timestamp::now());
    let removed = command_line::remove_member(FOLDER, &*store, email, keys, now).await;
    if removed.is_ok() && removal.revoke_keys {
        let elsewhere = Elsewhere::new(store.clone(), None, steady_clock());
        elsewhere.taken(store.revision().await?);
        elsewhere.everywhere().await;
    }
    store.close().await;
    Ok(removed?)
}

/// The database that is shared, if one is named.
async fn shared(kept: &Kept) -> Result<Option<Arc<dyn Database>>, CommandFault> {
    Ok(match options(&kept.shared)? {
        Some(options) => Some(Arc::new(Postgres::open(&options.connections(1)).await?)),
        None => None,
    })
}

fn folder(kept: &Kept) -> Result<&Path, CommandFault> {
    kept.data.as_deref().ok_or(CommandFault::NothingKept)
}

/// What is there already: a misspelled folder must not be made.
async fn existing(kept: &Kept) -> Result<Arc<dyn Database>, CommandFault> {
    match shared(kept).await? {
        Some(shared) => Ok(shared),
        None => Ok(Arc::new(existing_in(folder(kept)?).await?)),
    }
}

/// The database of a folder that has one.
async fn existing_in(data: &Path) -> Result<Sqlite, CommandFault> {
    let path = database(data);
    // Another person's folder tells nothing of what is in it, which is not that there is nothing.
    let found = path.try_exists().map_err(|source| StoreError::Unusable {
        path: data.to_owned(),
        source,
    })?;
    if !found {
        return Err(CommandFault::NoData(data.to_owned()));
    }
    Ok(Sqlite::open(&path).await?)
}

pub(crate) fn print(line: &str) -> Result<(), CommandFault> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(CommandFault::Output)
}

#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_can_be_looked_into_is_said_to_hold_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = existing_in(folder.path()).await.unwrap_err();
        assert!(matches!(nothing, CommandFault::NoData(_)), "{nothing}");
        // The system refuses to look: it is no folder.
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let refused = existing_in(&file).await.unwrap_err().to_string();
        let expected = format!("{} cannot be used: ", file.display());
        assert!(refused.starts_with(&expected), "{refused}");
    }
}
