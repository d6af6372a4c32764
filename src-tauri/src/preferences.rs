//! What a person chose, kept in a file that anybody may read. No secret, ever: none of its types can hold one.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gardien_domain::{KeyId, MemberId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tauri::{AppHandle, Wry};
use tauri_plugin_store::{Store, StoreBuilder};
use ts_rs::TS;

use crate::error::{Code, CommandError, reason};
use crate::notices::Notice;
use file::SafeFile;

mod file;

/// The port that the gateway listens on unless somebody chose another.
const GATEWAY_PORT: u16 = 7420;

/// What is looked for elsewhere while the file says nothing about it, so it is not written before it is known.
const FOUND_AGAIN: &str = "kept";

/// How the window looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Theme {
    /// As the system does.
    #[default]
    System,
    Light,
    Dark,
}

/// Where the authority is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Connection {
    /// In this app, with its data on this computer.
    #[default]
    Embedded,
    /// On a team's server.
    Team { url: String },
}

/// What becomes of the gateway when the window is closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnClose {
    #[default]
    Ask,
    Keep,
    Stop,
}

/// Everything that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Saved {
    pub(crate) theme: Theme,
    pub(crate) gateway_port: u16,
    pub(crate) on_close: OnClose,
    pub(crate) connection: Connection,
    /// The team's server that was joined, wherever the person is now. Its token is in the keychain.
    pub(crate) team: Option<String>,
    /// Whether the gateway of this computer serves while the person is at the team's server.
    pub(crate) keep_serving: bool,
    /// Keys whose secret this computer's keychain holds, by the member who kept them. Their ids, nothing more.
    pub(crate) kept: BTreeMap<String, BTreeSet<String>>,
}

impl Default for Saved {
    fn default() -> Self {
        Self::read(|_| None)
    }
}

impl Saved {
    /// Reads what `get` finds under each name. What is absent or damaged is as if it had never been chosen.
    fn read(get: impl Fn(&str) -> Option<Value>) -> Self {
        fn of<T: DeserializeOwned>(value: Option<Value>) -> Option<T> {
            serde_json::from_value(value?).ok()
        }
        let connection: Connection = of(get("connection")).unwrap_or_default();
        let team = match &connection {
            Connection::Team { url } => Some(url.clone()),
            Connection::Embedded => of(get("team")).unwrap_or_default(),
        };
        // What versions before this one called it.
        let kept = of(get("keep_gateway_running")) == Some(true);
        let on_close = if kept { OnClose::Keep } else { OnClose::Ask };
        Self {
            theme: of(get("theme")).unwrap_or_default(),
            gateway_port: of(get("gateway_port")).unwrap_or(GATEWAY_PORT),
            on_close: of(get("on_close")).unwrap_or(on_close),
            connection,
            team,
            keep_serving: of(get("keep_serving")).unwrap_or(true),
            kept: of(get("kept")).unwrap_or_default(),
        }
    }

    fn write(&self) -> Map<String, Value> {
        let Value::Object(values) = serde_json::json!({
            "theme": self.theme,
            "gateway_port": self.gateway_port,
            "on_close": self.on_close,
            "connection": self.connection,
            "team": self.team,
            "keep_serving": self.keep_serving,
            "kept": self.kept,
        }) else {
            return Map::new();
        };
        values
    }

    /// Whether the keychain holds this key's secret, as far as is known without asking it.
    pub(crate) fn holds(&self, member: MemberId, key: KeyId) -> bool {
        self.kept
            .get(&member.to_string())
            .is_some_and(|keys| keys.contains(&key.to_string()))
    }

    /// Notes whether the keychain holds this key's secret.
    pub(crate) fn note(&mut self, member: MemberId, key: KeyId, held: bool) {
        let keys = self.kept.entry(member.to_string()).or_default();
        if held {
            keys.insert(key.to_string());
        } else {
            keys.remove(&key.to_string());
        }
    }
}

/// The preferences and the file they lie in.
pub(crate) struct PreferenceFile {
    /// Writes under another name, which is then put in the place of the file. None: nothing is written.
    store: Option<Arc<Store<Wry>>>,
    file: SafeFile,
    folder: PathBuf,
    saved: Mutex<Saved>,
}

impl PreferenceFile {
    /// Reads the file in `folder`, or starts with the defaults. Answers too what a person has to be told about it.
    ///
    /// # Errors
    /// When there is no place for such a file.
    pub(crate) fn open(
        app: &AppHandle,
        folder: &Path,
    ) -> tauri_plugin_store::Result<(Self, Vec<Notice>)> {
        let file = SafeFile::at(folder.join("preferences.json"));
        let found = file.read();
        let store = StoreBuilder::new(app, file.new_name())
            .disable_auto_save()
            // What a crash left under that name may be half a file.
            .create_new()
            .build()?;
        for (name, value) in found.values.unwrap_or_default() {
            store.set(name, value);
        }
        // Or the plugin would write under that name once more at the end, when nobody renames it.
        store.close_resource();
        let saved = Mutex::new(Saved::read(|name| store.get(name)));
        let opened = Self {
            store: Some(store),
            file,
            folder: folder.to_owned(),
            saved,
        };
        Ok((opened, found.notices))
    }

    /// Preferences that are written nowhere.
    #[cfg(test)]
    pub(crate) fn unwritten(saved: Saved) -> Self {
        let folder = PathBuf::new();
        Self {
            store: None,
            file: SafeFile::at(folder.clone()),
            folder,
            saved: Mutex::new(saved),
        }
    }

    /// Whether the file says nothing under this name: it was never chosen, or it was lost with the file.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        self.store.as_ref().is_some_and(|store| !store.has(name))
    }

    pub(crate) fn read(&self) -> Saved {
        self.saved
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes them, here and in the file. What a newer version wrote beside what changes stays.
    ///
    /// # Errors
    /// `folder_unusable` when the file cannot be written. The change holds for this run then.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Saved)) -> Result<(), CommandError> {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let before = saved.clone();
        change(&mut saved);
        if *saved == before {
            return Ok(());
        }
        let Some(store) = &self.store else {
            return Ok(());
        };
        let before = before.write();
        for (name, value) in saved.write() {
            let changed = before.get(&name) != Some(&value);
            let unsaid = !store.has(&name) && name != FOUND_AGAIN;
            if changed || unsaid {
                store.set(name, value);
            }
        }
        self.save(store).map_err(|error| {
            tracing::error!(%error, "the settings cannot be written");
            let message = format!(
                "Your settings cannot be written to {}: {}. They hold until Gardien is closed.",
                self.folder.display(),
                reason(&error)
            );
            CommandError::new(Code::FolderUnusable, message)
        })
    }

    fn save(&self, store: &Store<Wry>) -> io::Result<()> {
        store.save().map_err(|error| match error {
            tauri_plugin_store::Error::Io(error) => error,
            error => io::Error::other(error),
        })?;
        self.file.replace()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn some() -> Saved {
        let mut saved = Saved {
            theme: Theme::Dark,
            gateway_port: 7000,
            on_close: OnClose::Keep,
            connection: Connection::Team {
                url: "https://gardien.example".to_owned(),
            },
            team: Some("https://gardien.example".to_owned()),
            keep_serving: false,
            kept: BTreeMap::new(),
        };
        saved.note(
            MemberId(Uuid::from_u128(1)),
            KeyId(Uuid::from_u128(2)),
            true,
        );
        saved
    }

    #[test]
    fn what_is_written_is_read_and_is_nothing_else() {
        let written = some().write();
        assert_eq!(Saved::read(|name| written.get(name).cloned()), some());
        // Whoever adds one here has to ask whether it could ever be a secret.
        let expected = serde_json::json!({
            "theme": "dark",
            "gateway_port": 7000,
            "on_close": "keep",
            "connection": { "kind": "team", "url": "https://gardien.example" },
            "team": "https://gardien.example",
            "keep_serving": false,
            "kept": {
                "00000000-0000-0000-0000-000000000001": ["00000000-0000-0000-0000-000000000002"],
            },
        });
        assert_eq!(Value::Object(written), expected);
    }

    #[test]
    fn what_an_older_version_chose_holds() {
        let written = |name: &str, value: Value| {
            let values = Map::from_iter([(name.to_owned(), value)]);
            Saved::read(|name| values.get(name).cloned())
        };
        assert_eq!(
            written("keep_gateway_running", true.into()).on_close,
            OnClose::Keep
        );
        assert_eq!(
            written("keep_gateway_running", false.into()).on_close,
            OnClose::Ask
        );
        let url = "https://gardien.example";
        let connection = serde_json::json!({ "kind": "team", "url": url });
        let joined = written("connection", connection);
        assert_eq!(joined.team.as_deref(), Some(url));
        assert!(joined.keep_serving);
    }

    #[test]
    fn what_is_damaged_is_as_if_it_had_never_been_chosen() {
        let mut written = some().write();
        written.insert("theme".to_owned(), "pink".into());
        written.insert("gateway_port".to_owned(), 70_000.into());
        written.remove("kept");
        let read = Saved::read(|name| written.get(name).cloned());
        assert_eq!(
            (read.theme, read.gateway_port),
            (Theme::System, GATEWAY_PORT)
        );
        assert_eq!(read.connection, some().connection);
        assert!(read.kept.is_empty());
    }

    #[test]
    fn kept_keys_belong_to_the_member_who_kept_them() {
        let (member, other) = (MemberId(Uuid::from_u128(1)), MemberId(Uuid::from_u128(3)));
        let key = KeyId(Uuid::from_u128(2));
        let mut saved = some();
        assert!(saved.holds(member, key) && !saved.holds(other, key));
        saved.note(member, key, false);
        assert!(!saved.holds(member, key));
    }
}
