//! What keys could have made of the calls that they wanted, had their shares been others.
//!
//! As the schedule divides a minute: what is kept free for a key is its own whether it uses it or not, nobody has more
//! than it may, and the rest goes round by weight.

use std::collections::HashMap;

use crate::key::KeyId;
use crate::share::Share;
use crate::wanted::Hour;

/// What one key asks of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Calls that it wanted to make.
    pub wanted: u32,
    /// What it may have.
    pub share: Share,
}

/// What of the calls that it wanted in a minute a key could have made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CouldMake {
    /// Calls that it wanted to make.
    pub wanted: u32,
    /// Calls of these that it could have made.
    pub made: u32,
    /// When the minute began, in milliseconds.
    pub began: u64,
}

/// What a share would have meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WhatIf {
    /// Minutes that were looked at: 60, or as many as are known.
    pub known_minutes: u32,
    /// The key's own worst minute, or its busiest if it would have lost nothing in any; `None` if it did not call.
    pub key: Option<CouldMake>,
    /// Of another key, the minute in which the share would have cost it the most beyond what it had lost anyway; `None`
    /// if it costs nobody anything.
    pub other: Option<(KeyId, CouldMake)>,
}

/// What a share would have meant in this hour for a key, or for one that is not made yet, and for the others. `shares` are
/// those that hold now; `named` says which other keys may be told of.
#[must_use]
pub fn what_if(
    hour: &Hour,
    limit: u32,
    shares: &HashMap<KeyId, Share>,
    (key, share): (Option<KeyId>, Share),
    named: impl Fn(KeyId) -> bool,
) -> WhatIf {
    let mut worst = WhatIf {
        known_minutes: hour.known,
        ..WhatIf::default()
    };
    let (mut least, mut most) = ((0, 0), 0);
    for minute in &hour.minutes {
        let wanted = |key: &KeyId| minute.of(*key);
        // What is kept free counts whether the key called or not.
        let silent = shares
            .iter()
            .filter(|(key, share)| share.kept_free() > 0 && wanted(key) == 0)
            .map(|(key, _)| *key);
        let all = minute.keys().chain(silent);
        let mut others: Vec<KeyId> = all.filter(|it| Some(*it) != key).collect();
        others.sort_unstable();
        let own = key.as_ref().map_or(0, wanted);
        let divided = |share| {
            let wish = |key: &KeyId| Wish {
                wanted: wanted(key),
                share: shares.get(key).copied().unwrap_or_default(),
            };
            let mut wishes: Vec<Wish> = others.iter().map(wish).collect();
            wishes.push(Wish { wanted: own, share });
            divide(limit, &wishes)
        };
        let before = divided(
            key.and_then(|key| shares.get(&key).copied())
                .unwrap_or_default(),
        );
        let after = divided(share);
        let could = |wanted, made| CouldMake {
            wanted,
            made,
            began: minute.began,
        };
        let made = after.last().copied().unwrap_or_default();
        if own > 0 && (own - made, own) >= least {
            least = (own - made, own);
            worst.key = Some(could(own, made));
        }
        for ((other, before), after) in others.iter().zip(before).zip(after) {
            let lost = before.saturating_sub(after);
            if lost > 0 && lost >= most && named(*other) {
                most = lost;
                worst.other = Some((*other, could(wanted(other), after)));
            }
        }
    }
    worst
}

/// How many calls of its own each can make in a minute of so many.
#[must_use]
pub fn divide(limit: u32, wishes: &[Wish]) -> Vec<u32> {
    let mut shared = limit;
    let mut made = Vec::with_capacity(wishes.len());
    // What is kept free is gone for the others, used or not. More than there is is kept for nobody.
    for Wish { wanted, share } in wishes {
        let kept = share.kept_free().min(shared);
        shared -= kept;
        made.push(kept.min(*wanted));
    }
    let mut open: Vec<(usize, u64, u64)> = wishes
        .iter()
        .enumerate()
        .map(|(index, Wish { wanted, share })| {
            let most = share.at_most.map_or(*wanted, |most| most.min(*wanted));
            // Of what was kept for it, what is left over is not given a second time.
            let beyond = most.saturating_sub(made[index]);
            (index, u64::from(beyond), u64::from(share.weight.max(1)))
        })
        .filter(|(_, wants, _)| *wants > 0)
        .collect();
    // Whoever wants the least for its weight has it all, as long as that is not more than its part of what is left.
    open.sort_by(|(_, a, of_a), (_, b, of_b)| (a * of_b).cmp(&(b * of_a)));
    let mut left = u64::from(shared);
    let mut weights: u64 = open.iter().map(|(_, _, weight)| weight).sum();
    let mut give = |index: usize, calls: u64| {
        made[index] += u32::try_from(calls).unwrap_or(u32::MAX);
    };
    let mut rest = open.as_slice();
    while let [(index, wants, weight), later @ ..] = rest
        && wants * weights <= left * weight
    {
        give(*index, *wants);
        left -= wants;
        weights -= weight;
        rest = later;
    }
    // The others have a part each, and what whole calls leave over goes to the first of them.
    let part = |weight: u64| left * weight / weights.max(1);
    let mut over = left
        - rest
            .iter()
            .map(|(_, _, weight)| part(*weight))
            .sum::<u64>()
            .min(left);
    for (index, wants, weight) in rest {
        let extra = over.min(1).min(wants.saturating_sub(part(*weight)));
        over -= extra;
        give(*index, part(*weight) + extra);
    }
    made
}

#[cfg(test)]
mod tests;
