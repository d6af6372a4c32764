//! The secret in force of every key, found by the key's id, for whoever changes keys: in little room, as there may be millions.

use std::fmt;

use gardien_domain::{KeyId, SecretDigest};

use crate::secrets::Start;

/// A key is looked for among the few of one of so many lists, each of which grows by itself: nobody waits while all are
/// placed anew.
const LISTS: usize = 1 << 14;

/// Where the digests begin. It says which there may be: whoever finds a key by one looks whether it is the one.
pub(super) struct ById(Box<[Vec<(Ending, Start)>]>);

/// How an id ends, in what is random of it.
type Ending = u32;

impl ById {
    /// Those that the secret in force of this key may begin with; the right one is among them.
    pub(super) fn find(&self, id: KeyId) -> impl Iterator<Item = &Start> {
        let ending = ending(id);
        let list = self.0.get(place(ending)).into_iter().flatten();
        list.filter(move |(of, _)| *of == ending)
            .map(|(_, start)| start)
    }

    /// `before` is the secret of the key that was in force until now.
    pub(super) fn put(&mut self, id: KeyId, digest: &SecretDigest, before: Option<&SecretDigest>) {
        let ending = ending(id);
        let Some(list) = self.0.get_mut(place(ending)) else {
            return;
        };
        let row = (ending, Start::of(digest));
        let before = before.map(|before| (ending, Start::of(before)));
        let held = before.and_then(|before| list.iter_mut().find(|held| **held == before));
        match held {
            Some(held) => *held = row,
            None => {
                if list.len() == list.capacity() {
                    // A little at a time: of lists that double, a third lies empty.
                    list.reserve_exact(list.len() / 4 + 2);
                }
                list.push(row);
            }
        }
    }
}

impl Default for ById {
    fn default() -> Self {
        Self((0..LISTS).map(|_| Vec::new()).collect())
    }
}

impl fmt::Debug for ById {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ById").finish_non_exhaustive()
    }
}

fn ending(KeyId(id): KeyId) -> Ending {
    id.as_bytes()
        .last_chunk()
        .copied()
        .map_or(0, Ending::from_be_bytes)
}

fn place(ending: Ending) -> usize {
    ending as usize % LISTS
}
