//! Secrets in any text: a log, a header, a file of settings, a diff.
//!
//! Every whole secret is found, whatever stands around it. The work grows with the length of the text and with nothing
//! else: at each prefix only as much is looked at as a secret is long.

use std::collections::HashSet;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::phare_key::PhareSecret;
use crate::secret::{CHECK, PREFIX, RANDOM, SECRET_LEN, Secret, SecretKind};
use crate::text::ignorable;
use crate::words::words;

words! {
    /// What a secret is by its form: another Gardien's key (or one that was deleted), one of Phare's, one of ours that lost
    /// its end or whose checksum is wrong, a session token.
    StrangeKind {
        /// Whole, and of no key that is known here. Only whoever knows the keys can tell.
        Gardien = "gardien",
        /// One that Phare made.
        Phare = "phare",
        /// Too short to be whole.
        Truncated = "truncated",
        /// Long enough, but the checksum is wrong.
        Mistyped = "mistyped",
        /// What a person's computer acts with.
        Session = "session",
    }
}

/// A secret that is not one of this organization's.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ts_rs::TS)]
pub struct StrangeSecret {
    /// Enough of it to recognise it.
    pub display: String,
    pub kind: StrangeKind,
}

impl StrangeSecret {
    /// A whole secret of no key that is known here.
    #[must_use]
    pub fn unknown(secret: &Secret) -> Self {
        Self {
            display: secret.display(),
            kind: StrangeKind::Gardien,
        }
    }
}

/// Something in a text that is, or looks like, a secret.
#[derive(Debug)]
pub enum Sighting {
    /// A Gardien's secret, form and checksum right.
    Whole(Secret),
    /// Anything else.
    Strange(StrangeSecret),
}

/// What every session token starts with, so that a leaked one is known for what it is.
pub const SESSION_PREFIX: &str = "gdn_session_";
/// Characters of base62 behind it: 256 bits.
pub const SESSION_RANDOM: usize = 43;

/// As many characters as a display form shows are no part of a secret, but such a form.
const SHOWN: usize = 8;
/// A key of Phare's ends in at least so many letters and digits, and is never longer than so much.
const PHARE_RANDOM: usize = 16;
const PHARE_LONGEST: usize = 128;

/// What `text` holds, in its order, each once. What programs put between letters to break a long word does not hide one.
#[must_use]
pub fn sightings(text: &str) -> Vec<Sighting> {
    if !text.is_ascii() && text.chars().any(ignorable) {
        let mut plain = Zeroizing::new(String::with_capacity(text.len()));
        plain.extend(text.chars().filter(|letter| !ignorable(*letter)));
        return plain_sightings(&plain);
    }
    plain_sightings(text)
}

fn plain_sightings(text: &str) -> Vec<Sighting> {
    let starts = |prefix| text.match_indices(prefix).map(|(at, _)| at);
    let mut starts: Vec<usize> = starts("pha_").chain(starts(SESSION_PREFIX)).collect();
    starts.sort_unstable();
    let mut seen = HashSet::new();
    starts
        .into_iter()
        .filter_map(|at| sighting(text, at))
        .filter(|(spelled, _)| seen.insert(Sha256::digest(spelled)))
        .map(|(_, sighting)| sighting)
        .collect()
}

/// What starts at `at`, and its letters.
fn sighting(text: &str, at: usize) -> Option<(&str, Sighting)> {
    let rest = &text[at..];
    let kinds = SecretKind::ALL.iter();
    if kinds
        .map(|kind| kind.prefix())
        .any(|prefix| rest.starts_with(prefix))
    {
        let random = run(&rest[PREFIX..], RANDOM + CHECK);
        return match Secret::parse(&rest[..PREFIX + random]) {
            Ok(secret) => Some((&rest[..SECRET_LEN], Sighting::Whole(secret))),
            Err(_) if random == RANDOM + CHECK => {
                strange(rest, PREFIX, random, Some(RANDOM), StrangeKind::Mistyped)
            }
            Err(_) => strange(rest, PREFIX, random, None, StrangeKind::Truncated),
        };
    }
    if let Some(token) = rest.strip_prefix(SESSION_PREFIX) {
        let random = run(token, SESSION_RANDOM);
        let end = (random == SESSION_RANDOM).then_some(random);
        return strange(
            rest,
            SESSION_PREFIX.len(),
            random,
            end,
            StrangeKind::Session,
        );
    }
    phare(text, at)
}

/// Something with `random` characters behind its prefix. Its last four are shown where its `end` is known: those of a
/// piece would match nothing.
fn strange(
    rest: &str,
    prefix: usize,
    random: usize,
    end: Option<usize>,
    kind: StrangeKind,
) -> Option<(&str, Sighting)> {
    (random > SHOWN).then(|| {
        let first = &rest[..prefix + SHOWN / 2];
        let last = end.map_or("", |end| &rest[prefix + end - SHOWN / 2..prefix + end]);
        let display = format!("{first}…{last}");
        let strange = StrangeSecret { display, kind };
        (&rest[..prefix + random], Sighting::Strange(strange))
    })
}

/// A key of Phare's: of its form only the start is known, so it has to begin a word and end in something random.
fn phare(text: &str, at: usize) -> Option<(&str, Sighting)> {
    if !begins_a_word(&text.as_bytes()[..at]) {
        return None;
    }
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let letters = text[at..].bytes().take(PHARE_LONGEST);
    let spelled = &text[at..][..letters.take_while(inside).count()];
    let (start, random) = spelled.rsplit_once('_')?;
    if random.len() < PHARE_RANDOM || start[1..].contains("pha_") {
        return None;
    }
    let strange = StrangeSecret {
        display: PhareSecret::display_of(spelled),
        // One of ours whose prefix is not quite right.
        kind: if spelled.contains("_gdn_") {
            StrangeKind::Mistyped
        } else {
            StrangeKind::Phare
        },
    };
    Some((spelled, Sighting::Strange(strange)))
}

/// Whether a word can begin behind this: `alpha_centauri` holds no key. Letters that spell a line break or a space, as
/// in JSON and addresses, are no part of the word before.
fn begins_a_word(before: &[u8]) -> bool {
    match before {
        [.., b'\\', letter] if letter.is_ascii_alphabetic() => true,
        [.., b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => true,
        [.., last] => !(last.is_ascii_alphanumeric() || *last == b'_'),
        [] => true,
    }
}

/// How many letters and digits `text` starts with; at most `longest` are looked at.
fn run(text: &str, longest: usize) -> usize {
    let letters = text.bytes().take(longest);
    letters.take_while(u8::is_ascii_alphanumeric).count()
}

#[cfg(test)]
mod tests;
