//! The witness: a small file beside the database that remembers what the database must still know.
//!
//! It holds the newest revision that was acknowledged, and the last revocations. So one that the database would not take
//! outlives the process, and a database that is older than it should be is noticed. All its room is taken when it is
//! made: on a full disk it can still be written. Each line lies within one sector, so that no crash leaves half of one.

use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gardien_domain::audit::{AuditEntry, AuditHash};
use gardien_domain::key::Revocation;
use gardien_domain::{KeyId, MemberId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::{Revision, StoreError, folder};

/// Bytes of a line.
const LINE: usize = 256;
/// Lines for the newest revision, written in turns: if one is torn, the other is whole.
const HEADS: usize = 2;
/// Revocations that are remembered at least.
const REVOCATIONS: usize = 4_094;

/// The newest change that was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its number.
    pub revision: Revision,
    /// The hash of its audit entry: another history has another one.
    pub hash: AuditHash,
}

impl From<&AuditEntry> for Head {
    fn from(entry: &AuditEntry) -> Self {
        Self {
            revision: entry.into(),
            hash: entry.hash,
        }
    }
}

/// A revocation that the witness remembers, as a line of the file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witnessed {
    /// Of which key.
    pub key: KeyId,
    /// When it took effect.
    pub at: Timestamp,
    /// Who did it.
    pub by: MemberId,
    /// Whether the database has it.
    pub written: bool,
}

impl Witnessed {
    /// As a key has it.
    #[must_use]
    pub const fn revocation(&self) -> Revocation {
        Revocation {
            at: self.at,
            by: self.by,
        }
    }
}

/// What must not be forgotten, whatever becomes of the database. Writing is handing over to the system, which outlives
/// the process; only [`Self::sync`] waits for the disk.
#[derive(Debug)]
pub struct Witness {
    file: File,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    head: Option<Head>,
    /// Where the next head goes.
    turn: usize,
    /// What each line holds.
    lines: Vec<Option<Witnessed>>,
    places: HashMap<KeyId, usize>,
    free: Vec<usize>,
    /// Keys whose lines may be used again, the oldest first. One that has no line any more is passed over.
    old: VecDeque<KeyId>,
}

impl Witness {
    /// Opens the file at `path`, which is made, with its folder, if missing. For the one process that holds the folder.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there is no room to make it, [`StoreError::Unusable`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent() {
            folder::make(folder)?;
        }
        let options = &mut OpenOptions::new();
        let options = options.read(true).write(true).create(true);
        let file = folder::private(options).open(path);
        let file = file.map_err(StoreError::of(path))?;
        allocate(&file).map_err(StoreError::of(path))?;
        let state = State::read(&std::fs::read(path).map_err(StoreError::of(path))?);
        Ok(Self {
            file,
            state: Mutex::new(state),
        })
    }

    /// The newest change that was acknowledged; `None` before the first.
    #[must_use]
    pub fn head(&self) -> Option<Head> {
        self.state().head
    }

    /// Every revocation that is remembered, the oldest first.
    #[must_use]
    pub fn revocations(&self) -> Vec<Witnessed> {
        let mut all: Vec<_> = self.state().lines.iter().copied().flatten().collect();
        all.sort_by_key(|witnessed| witnessed.at);
        all
    }

    /// Remembers the newest change.
    ///
    /// # Errors
    /// When the system does not take it.
    pub fn note(&self, head: Head) -> io::Result<()> {
        self.write_head(&mut self.state(), head)
    }

    /// Remembers a change that another process made, unless a newer one is remembered.
    ///
    /// # Errors
    /// When the system does not take it.
    pub fn advance(&self, head: Head) -> io::Result<()> {
        let mut state = self.state();
        match state.head {
            Some(known) if known.revision >= head.revision => Ok(()),
            _ => self.write_head(&mut state, head),
        }
    }

    fn write_head(&self, state: &mut State, head: Head) -> io::Result<()> {
        // Where somebody chose to go on with an older one, the newer that is remembered must not outlive that.
        let again = state
            .head
            .is_some_and(|known| head.revision <= known.revision);
        let lines = if again { HEADS } else { 1 };
        for _ in 0..lines {
            write(&self.file, state.turn, Some(&head))?;
            state.turn = (state.turn + 1) % HEADS;
        }
        state.head = Some(head);
        Ok(())
    }

    /// Remembers a revocation, whether or not the database has it yet. One that it has stands.
    ///
    /// # Errors
    /// When the system does not take it.
    pub fn revoked(&self, key: KeyId, revocation: Revocation, written: bool) -> io::Result<()> {
        let mut state = self.state();
        let known = state.places.get(&key).copied();
        if !written && known.is_some_and(|place| state.is_written(place)) {
            return Ok(());
        }
        let place = state.place(key);
        let Revocation { at, by } = revocation;
        let line = Witnessed {
            key,
            at,
            by,
            written,
        };
        if let Err(error) = write(&self.file, HEADS + place, Some(&line)) {
            if known.is_none() {
                state.free.push(place);
            }
            return Err(error);
        }
        state.put(place, line);
        Ok(())
    }

    /// Forgets the revocation of a key that works again.
    ///
    /// # Errors
    /// When the system does not take it.
    pub fn restored(&self, key: KeyId) -> io::Result<()> {
        let mut state = self.state();
        let Some(place) = state.places.get(&key).copied() else {
            return Ok(());
        };
        write(&self.file, HEADS + place, None::<&Witnessed>)?;
        state.places.remove(&key);
        state.lines[place] = None;
        state.free.push(place);
        Ok(())
    }

    /// Waits until all of it is on the disk: on one that hangs, for as long as it does. Nothing is held meanwhile, the end
    /// of the process neither: the next revocation must not wait for this one.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn sync(self: &Arc<Self>) -> io::Result<()> {
        let (tell, told) = oneshot::channel();
        let witness = Arc::clone(self);
        std::thread::Builder::new()
            .name("witness".to_owned())
            .spawn(move || tell.send(witness.file.sync_data()))?;
        told.await
            .unwrap_or_else(|gone| Err(io::Error::other(gone)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn read(bytes: &[u8]) -> Self {
        let mut state = Self::default();
        for (number, line) in bytes.chunks_exact(LINE).enumerate() {
            let text = line.trim_ascii();
            if number < HEADS {
                if let Some(head) = parse::<Head>(text)
                    && state
                        .head
                        .is_none_or(|known| known.revision < head.revision)
                {
                    state.head = Some(head);
                    state.turn = (number + 1) % HEADS;
                }
                continue;
            }
            let place = state.lines.len();
            state.lines.push(None);
            match parse::<Witnessed>(text) {
                None => state.free.push(place),
                Some(line) => state.put(place, line),
            }
        }
        // The first line first, as a person who looks into the file expects.
        state.free.reverse();
        let mut old: Vec<_> = state
            .lines
            .iter()
            .flatten()
            .filter(|line| line.written)
            .collect();
        old.sort_by_key(|line| line.at);
        state.old = old.into_iter().map(|line| line.key).collect();
        state
    }

    /// The line that this key has, or may have.
    fn place(&mut self, key: KeyId) -> usize {
        if let Some(place) = self.places.get(&key) {
            return *place;
        }
        if let Some(place) = self.free.pop() {
            return place;
        }
        while let Some(old) = self.old.pop_front() {
            if let Some(place) = self.places.get(&old).copied()
                && self.is_written(place)
            {
                self.places.remove(&old);
                self.lines[place] = None;
                return place;
            }
        }
        // The database takes none of them. Where there is room the file grows.
        self.lines.push(None);
        self.lines.len() - 1
    }

    fn put(&mut self, place: usize, witnessed: Witnessed) {
        if witnessed.written && !self.is_written(place) {
            self.old.push_back(witnessed.key);
        }
        self.places.insert(witnessed.key, place);
        self.lines[place] = Some(witnessed);
    }

    fn is_written(&self, place: usize) -> bool {
        self.lines[place].is_some_and(|line| line.written)
    }
}

/// Takes all the room that the file will ever need, with bytes and not with a hole.
fn allocate(file: &File) -> io::Result<()> {
    let lines = HEADS + REVOCATIONS;
    let there = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX) / LINE;
    for number in there..lines {
        write(file, number, None::<&Witnessed>)?;
    }
    if there < lines {
        file.sync_all()?;
    }
    Ok(())
}

fn write(file: &File, number: usize, content: Option<&impl Serialize>) -> io::Result<()> {
    let mut line = match content {
        None => Vec::new(),
        Some(content) => serde_json::to_vec(content)?,
    };
    line.resize(LINE - 1, b' ');
    line.push(b'\n');
    write_at(file, &line, (number * LINE) as u64)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// The file has one writer at a time: whoever holds its state.
#[cfg(not(unix))]
fn write_at(mut file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    use std::io::{Seek, SeekFrom, Write};
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}

fn parse<T: for<'de> Deserialize<'de>>(text: &[u8]) -> Option<T> {
    (!text.is_empty())
        .then(|| serde_json::from_slice(text).ok())
        .flatten()
}

#[cfg(test)]
mod tests;
