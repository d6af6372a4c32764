//! What the commands share: where the app stands, what keeps secrets, the clipboard, the preferences, the window.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use gardien_authority::api::SessionView;
use gardien_domain::{KeyId, MemberId};
use gardien_vault::VaultItem;
use secrecy::SecretString;
use tauri::{AppHandle, Manager};
use tokio::sync::watch;

use crate::asking::Asked;
use crate::clipboard::Clipboard;
use crate::environment::Outside;
use crate::error::{Code, CommandError};
use crate::home::{GatewayState, Local, Place, Ready};
use crate::keeper::Keeper;
use crate::listener::Listener;
use crate::notices::Notice;
use crate::preferences::{Connection, PreferenceFile};
use crate::shell::Shell;

/// The app, apart from its window.
pub(crate) struct App {
    /// Where everything lies.
    pub(crate) folder: PathBuf,
    pub(crate) outside: Outside,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) clipboard: Clipboard,
    pub(crate) preferences: PreferenceFile,
    pub(crate) shell: Box<dyn Shell>,
    /// Whom the window's events go to.
    pub(crate) listener: Listener,
    /// Held by whoever opens, closes or moves, so that no two do at the same time.
    pub(crate) moving: tokio::sync::Mutex<()>,
    /// Whether the person was asked what becomes of the gateway.
    pub(crate) asked: Asked,
    standing: RwLock<Standing>,
    changes: watch::Sender<()>,
    /// The secret of the last creation or rotation, until the window is done with it.
    fresh: Mutex<Option<(KeyId, SecretString)>>,
    notices: Mutex<Vec<Notice>>,
}

/// Where the app stands, and what is open on this computer wherever that is.
struct Standing {
    /// How often the place has changed.
    turn: u64,
    place: Place,
    local: Option<Local>,
}

impl App {
    pub(crate) fn new(
        folder: PathBuf,
        outside: Outside,
        keeper: Arc<Keeper>,
        clipboard: Clipboard,
        preferences: PreferenceFile,
        shell: Box<dyn Shell>,
    ) -> Self {
        Self {
            folder,
            outside,
            keeper,
            clipboard,
            preferences,
            shell,
            listener: Listener::default(),
            moving: tokio::sync::Mutex::default(),
            asked: Asked::default(),
            standing: RwLock::new(Standing {
                turn: 0,
                place: Place::Starting,
                local: None,
            }),
            changes: watch::Sender::new(()),
            fresh: Mutex::default(),
            notices: Mutex::default(),
        }
    }

    /// Hears whenever something of the status may have changed.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Says that something of the status may have changed.
    pub(crate) fn changed(&self) {
        self.changes.send_replace(());
    }

    /// Where the app stands, and how often that has changed.
    pub(crate) fn place(&self) -> (u64, Place) {
        let standing = self.read();
        (standing.turn, standing.place.clone())
    }

    /// Waits until the place is no longer that of `turn`.
    pub(crate) async fn moved(&self, turn: u64) {
        let mut changes = self.changes();
        while self.place().0 == turn && changes.changed().await.is_ok() {}
    }

    pub(crate) fn put(&self, place: Place) {
        {
            let mut standing = self.write();
            standing.turn += 1;
            standing.place = place;
        }
        self.changed();
    }

    /// Takes the session as it is now, unless the app has moved on since. That is no change of the place.
    pub(crate) fn renew(&self, turn: u64, session: SessionView) {
        let mut standing = self.write();
        if standing.turn == turn
            && let Place::Ready(ready) = &mut standing.place
            && ready.session != session
        {
            ready.session = session;
            drop(standing);
            self.changed();
        }
    }

    /// Takes that it does not go on here, unless the app has moved on since.
    pub(crate) fn fail(&self, turn: u64, error: CommandError) {
        let mut standing = self.write();
        if standing.turn == turn {
            standing.turn += 1;
            standing.place = Place::Failed(error);
            drop(standing);
            self.changed();
        }
    }

    /// This computer's home, if it is open.
    pub(crate) fn local(&self) -> Option<Local> {
        self.read().local.clone()
    }

    pub(crate) fn put_local(&self, local: Option<Local>) {
        self.write().local = local;
        self.changed();
    }

    /// Changes this computer's home, if it is open.
    pub(crate) fn change_local(&self, change: impl FnOnce(&mut Local)) {
        if let Some(local) = &mut self.write().local {
            change(local);
        }
        self.changed();
    }

    /// # Errors
    /// Why the app is not ready.
    pub(crate) fn ready(&self) -> Result<Ready, CommandError> {
        match self.place().1 {
            Place::Ready(ready) => Ok(*ready),
            Place::Failed(error) => Err(error),
            Place::Starting | Place::Unfounded(_) => Err(CommandError::new(
                Code::Internal,
                "Gardien is not ready for this yet.",
            )),
        }
    }

    /// The gateway of the place where the person is.
    pub(crate) fn gateway(&self, ready: &Ready) -> GatewayState {
        match &ready.connection {
            Connection::Embedded => self
                .local()
                .map_or(GatewayState::Stopped, |local| local.gateway),
            Connection::Team { .. } => GatewayState::Remote {
                address: ready.session.gateway.clone(),
            },
        }
    }

    /// Has the person told something once.
    pub(crate) fn notice(&self, notice: Notice) {
        let mut notices = self.notices();
        if !notices.contains(&notice) {
            notices.push(notice);
        }
        drop(notices);
        self.changed();
    }

    /// What the person has not been told, or not put away.
    pub(crate) fn notices(&self) -> MutexGuard<'_, Vec<Notice>> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Standing> {
        self.standing.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Standing> {
        self.standing
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes whether the keychain holds the secret of a key. Failing to write that down costs no secret, only a button.
    pub(crate) fn note_kept(&self, member: MemberId, key: KeyId, held: bool) {
        if self
            .preferences
            .change(|saved| saved.note(member, key, held))
            .is_err()
        {
            tracing::warn!(%key, held, "could not write down what the keychain holds");
        }
    }

    /// Holds a fresh secret; the one before is wiped.
    pub(crate) fn hold_fresh(&self, key: KeyId, secret: SecretString) {
        *self.fresh.lock().unwrap_or_else(PoisonError::into_inner) = Some((key, secret));
    }

    /// The fresh secret, if it is this key's.
    pub(crate) fn fresh(&self, key: KeyId) -> Option<SecretString> {
        let fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        fresh
            .as_ref()
            .filter(|(of, _)| *of == key)
            .map(|(_, secret)| secret.clone())
    }

    /// Wipes the fresh secret.
    pub(crate) fn forget_fresh(&self) {
        *self.fresh.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The name that the secret of a key is kept under.
pub(crate) fn key_secret(member: MemberId, key: KeyId) -> VaultItem {
    VaultItem::KeySecret {
        installation: member.0,
        key: key.0,
    }
}

/// The app behind a handle, once it is there.
pub(crate) fn app_of(handle: &AppHandle) -> Option<Arc<App>> {
    handle.try_state::<Arc<App>>().map(|app| Arc::clone(&app))
}
