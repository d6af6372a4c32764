//! What is counted as things change, beside what a walk over everything says.

use super::*;

impl Schedule<u8> {
    fn assert_counted(&mut self, now: u64) {
        self.settle(now);
        let free = |(key, share): (&KeyId, &Share)| {
            let held = self.window.held_by(*key);
            u64::from(share.kept_free().saturating_sub(held))
        };
        assert_eq!(self.kept.sum(), self.shares.iter().map(free).sum::<u64>());
        let reserved = self
            .shares
            .values()
            .map(|share| u64::from(share.kept_free()));
        assert_eq!(self.reserved, reserved.sum::<u64>());
        // Whoever is next is so by what it holds now.
        let waits = |number: &u8| self.turns.of(key(*number)) > 0;
        let best = (0..8)
            .filter(waits)
            .map(|number| self.terms(key(number)).standing)
            .min();
        let next = self.turns.next().map(|key| self.terms(key).standing);
        assert_eq!(next, best.filter(|best| *best != Standing::AtMost));
    }
}

fn share() -> impl Strategy<Value = Share> {
    (prop::option::of(0_u32..9), 0_u32..5, 1_u32..=10).prop_map(|(at_most, reserved, weight)| {
        Share {
            at_most,
            reserved,
            weight,
        }
    })
}

proptest! {
    #[test]
    fn what_is_kept_free_is_counted_as_slots_come_and_go(
        limit in 1_u32..40,
        left_over in 0_u32..5,
        steps in prop::collection::vec((0_u64..4_000, 0_u8..8, any::<u8>(), share()), 1..150),
    ) {
        let (mut schedule, mut now) = (paced(limit), 0);
        schedule.window().record_leased(left_over, 0);
        let (mut turns, mut tickets) = (Vec::new(), Vec::new());
        for (gap, number, dice, share) in steps {
            now += if dice % 2 == 0 { gap } else { gap / 100 };
            match (dice % 16, key(number)) {
                (0..2, Some(key)) => schedule.set_share(key, share, now),
                (2, _) => {
                    // Somebody else lets the window expire.
                    schedule.window().remaining(limit, now);
                }
                (3..7, _) if !turns.is_empty() => {
                    let turn = turns.swap_remove(usize::from(dice) % turns.len());
                    if dice % 3 == 0 {
                        schedule.cancel(turn);
                    } else {
                        schedule.finish(turn, now);
                    }
                }
                (7, _) if !tickets.is_empty() => {
                    let (key, ticket) = tickets.swap_remove(usize::from(dice) % tickets.len());
                    schedule.leave(key, ticket);
                }
                (8..10, _) => turns.extend(schedule.due(u32::MAX, now).go.into_iter().map(|(_, turn)| turn)),
                (_, key) => match schedule.come(key, PATIENCE, now, || number) {
                    Coming::Goes(turn) => turns.push(turn),
                    Coming::Waits(ticket) => tickets.push((key, ticket)),
                    Coming::Refused(_) => {}
                },
            }
            schedule.assert_counted(now);
        }
    }
}
