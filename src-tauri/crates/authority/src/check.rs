//! What people may type into a field.

use gardien_domain::organization::{LONGEST_CACHE_SECONDS, LONGEST_WAIT_SECONDS};
use gardien_domain::share::{HEAVIEST, Share};
use gardien_domain::{ProductScopes, text};
use jiff::Timestamp;

use crate::fault::{Fault, FieldErrors};

/// The longest name of anything, in characters. Where Phare takes fewer, that is for Phare to say.
const NAME: usize = 100;
/// The longest note of a key, in characters.
const NOTE: usize = 1_000;
/// The longest mail address, as RFC 5321 has it.
const EMAIL: usize = 254;
/// The largest limit that an organization can have, in calls a minute.
const CALLS: u32 = 1_000_000;

/// Collects what is wrong, so that a person is told all of it at once.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    errors: FieldErrors,
}

impl Checks {
    pub(crate) fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.errors
            .entry(field.to_owned())
            .or_default()
            .push(message.into());
    }

    pub(crate) fn name(&mut self, name: &str) -> String {
        self.line("name", name)
    }

    pub(crate) fn note(&mut self, note: &str) -> String {
        let note = note.trim();
        if note.chars().count() > NOTE {
            self.refuse("note", format!("At most {NOTE} characters."));
        }
        if let Err(fault) = text::note(note) {
            self.refuse("note", fault.to_string());
        }
        note.to_owned()
    }

    pub(crate) fn products(&mut self, products: ProductScopes) {
        if products.is_empty() {
            self.refuse(
                "products",
                "A key without access to any product could do nothing.",
            );
        }
    }

    pub(crate) fn expiry(&mut self, expires_at: Option<Timestamp>, now: Timestamp) {
        if expires_at.is_some_and(|at| at <= now) {
            self.refuse("expires_at", "The expiry must lie in the future.");
        }
    }

    pub(crate) fn calls_per_minute(&mut self, calls: u32, reserved: u64) {
        if !(1..=CALLS).contains(&calls) {
            self.refuse("calls_per_minute", format!("A number from 1 to {CALLS}."));
        } else if reserved >= u64::from(calls) {
            self.refuse(
                "calls_per_minute",
                format!("{reserved} are kept free for keys: more than that, or keep less free."),
            );
        }
    }

    /// `reserved` is what is kept free for other keys already.
    pub(crate) fn share(&mut self, share: Share, reserved: u64, calls_per_minute: u32) {
        if share.at_most == Some(0) {
            self.refuse("share.at_most", "At least 1. To stop a key, revoke it.");
        }
        if !(1..=HEAVIEST).contains(&share.weight) {
            self.refuse("share.weight", format!("A number from 1 to {HEAVIEST}."));
        }
        if share.at_most.is_some_and(|most| most < share.reserved) {
            self.refuse(
                "share.reserved",
                "It cannot have more kept free than it may have.",
            );
        }
        let together = reserved + u64::from(share.reserved);
        if share.reserved > 0 && together >= u64::from(calls_per_minute) {
            let others = match reserved {
                0 => String::new(),
                _ => format!(", {reserved} of them for other keys"),
            };
            let left = u64::from(calls_per_minute).saturating_sub(reserved + 1);
            self.refuse(
                "share.reserved",
                format!(
                    "{together} of {calls_per_minute} calls a minute would be kept free{others}. This key can have \
                     {left} at most: one is left for all."
                ),
            );
        }
    }

    pub(crate) fn burst(&mut self, burst: Option<u32>, calls_per_minute: u32) {
        let most = calls_per_minute.saturating_sub(1).max(1);
        if burst.is_some_and(|burst| !(1..=most).contains(&burst)) {
            self.refuse(
                "burst",
                format!("A number from 1 to {most}: the rest of the limit follows after it."),
            );
        }
    }

    pub(crate) fn longest_wait(&mut self, seconds: u32) {
        if !(1..=LONGEST_WAIT_SECONDS).contains(&seconds) {
            self.refuse(
                "longest_wait_seconds",
                format!(
                    "A number from 1 to {LONGEST_WAIT_SECONDS}: clients give up after 30 seconds."
                ),
            );
        }
    }

    pub(crate) fn cache(&mut self, seconds: u32) {
        if seconds > LONGEST_CACHE_SECONDS {
            self.refuse(
                "cache_seconds",
                format!("A number from 0, which is off, to {LONGEST_CACHE_SECONDS}."),
            );
        }
    }

    /// # Errors
    /// [`Fault::Invalid`] with all that was refused.
    pub(crate) fn end(self) -> Result<(), Fault> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Fault::Invalid(self.errors))
        }
    }

    fn line(&mut self, field: &str, line: &str) -> String {
        let line = line.trim();
        if line.is_empty() {
            self.refuse(field, "It needs a name.");
        } else if let Err(fault) = text::name(line) {
            self.refuse(field, fault.to_string());
        }
        if line.chars().count() > NAME {
            self.refuse(field, format!("At most {NAME} characters."));
        }
        line.to_owned()
    }
}

/// The name of an organization or a project, trimmed.
pub(crate) fn name(field: &str, name: &str) -> Result<String, Fault> {
    let mut checks = Checks::default();
    let name = checks.line(field, name);
    checks.end().map(|()| name)
}

/// A mail address in lower case. Only what would break something is refused: whether it exists, no form tells.
pub(crate) fn email(typed: &str) -> Result<String, Fault> {
    let email = typed.trim().to_lowercase();
    let plain = email.len() <= EMAIL
        && !email.chars().any(text::unseen)
        && email.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty() && !host.is_empty() && !host.contains('@')
        });
    if plain {
        Ok(email)
    } else {
        Err(Fault::field(
            "email",
            "A mail address has the form name@example.com.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_are_taken_as_they_are_but_for_case_and_spaces() {
        assert_eq!(email(" Ada@Example.com ").unwrap(), "ada@example.com");
        for wrong in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a b@example.com",
            "a\u{200b}b@example.com",
            "ada@moc.elpmaxe\u{202e}",
            "a@b@c",
            "a@b\n",
        ] {
            let answer = email(wrong);
            assert_eq!(answer.is_err(), wrong != "a@b\n", "{wrong:?}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let now = Timestamp::from_second(1_000).unwrap();
        let mut checks = Checks::default();
        checks.name(" ");
        checks.note(&"x".repeat(1_001));
        checks.products(ProductScopes::default());
        checks.expiry(Some(now), now);
        checks.calls_per_minute(0, 0);
        let Err(Fault::Invalid(errors)) = checks.end() else {
            panic!("nothing was refused");
        };
        let fields: Vec<_> = errors.keys().map(String::as_str).collect();
        assert_eq!(
            fields,
            ["calls_per_minute", "expires_at", "name", "note", "products"]
        );
    }

    #[test]
    fn names_are_counted_in_characters_and_hold_no_control_characters() {
        let mut checks = Checks::default();
        assert_eq!(
            checks.name(&format!(" {} ", "é".repeat(100))),
            "é".repeat(100)
        );
        checks.note("two\nlines");
        assert!(checks.end().is_ok());
        for wrong in [
            &"é".repeat(101),
            "a\u{7}b",
            "a\nb",
            "\u{200b}\u{feff}",
            "nimda\u{202e}",
        ] {
            let mut checks = Checks::default();
            checks.name(wrong);
            assert!(checks.end().is_err(), "{wrong:?}");
            assert!(name("organization", wrong).is_err(), "{wrong:?}");
        }
        for wrong in ["eton\u{2067}", "\u{200b}\u{feff}"] {
            let mut checks = Checks::default();
            checks.note(wrong);
            assert!(checks.end().is_err(), "{wrong:?}");
        }
    }
}
