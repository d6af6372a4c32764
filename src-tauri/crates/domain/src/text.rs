//! What people may write where others read it: nothing that cannot be seen, and nothing that turns what stands beside it.
//!
//! What scripts and emoji need stays allowed: joiners, variation selectors, marks.

use icu_properties::props::{BidiControl, DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Why a text cannot stand where people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// All of it is spaces, or takes no ink.
    #[error("It needs a character that can be seen.")]
    Invisible,
    /// It would break the line, ring a bell, or worse.
    #[error("No control characters.")]
    Control,
    /// It would show what stands behind it, or beside it, the other way round.
    #[error(
        "It holds an invisible character that turns the direction of writing. Type it by hand instead of pasting it."
    )]
    Turning,
}

/// Whether people can tell a name of one line from others by looking.
///
/// # Errors
/// The first [`TextFault`].
pub fn name(text: &str) -> Result<(), TextFault> {
    if text.chars().any(breaks_the_line) {
        return Err(TextFault::Control);
    }
    written(text)?;
    if text.chars().any(visible) {
        Ok(())
    } else {
        Err(TextFault::Invisible)
    }
}

/// The same of a text that may have several lines, or none.
///
/// # Errors
/// The first [`TextFault`].
pub fn note(text: &str) -> Result<(), TextFault> {
    written(text)?;
    if text.trim().is_empty() || text.chars().any(visible) {
        Ok(())
    } else {
        Err(TextFault::Invisible)
    }
}

/// Whether a character takes room at most, and no ink: a space, a control character, or what only tells others what to do.
#[must_use]
pub fn unseen(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || ignorable(letter)
}

/// Whether a character only tells others what to do: a joiner, a mark of direction, a byte-order mark.
#[must_use]
pub fn ignorable(letter: char) -> bool {
    !letter.is_ascii() && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
}

fn written(text: &str) -> Result<(), TextFault> {
    let turns = CodePointSetData::new::<BidiControl>();
    if text
        .chars()
        .any(|letter| letter.is_control() && letter != '\n')
    {
        Err(TextFault::Control)
    } else if text.chars().any(|letter| turns.contains(letter)) {
        Err(TextFault::Turning)
    } else {
        Ok(())
    }
}

fn breaks_the_line(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

/// Whether it takes ink by itself. A mark alone has nothing to stand on.
fn visible(letter: char) -> bool {
    /// The one pattern of Braille without a dot.
    const BLANK: char = '\u{2800}';
    let category = CodePointMapData::<GeneralCategory>::new().get(letter);
    let inkless = matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::SpaceSeparator
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::NonspacingMark
            | GeneralCategory::EnclosingMark
    );
    !inkless && letter != BLANK && !ignorable(letter)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const TURNING: [char; 12] = [
        '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}',
        '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
    ];
    const INKLESS: [char; 18] = [
        ' ', '\u{a0}', '\u{ad}', '\u{34f}', '\u{115f}', '\u{1160}', '\u{180e}', '\u{2003}',
        '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{2800}', '\u{3000}', '\u{3164}',
        '\u{fe0f}', '\u{feff}', '\u{ffa0}',
    ];

    #[test]
    fn every_character_that_turns_is_refused_and_no_other_for_that() {
        for letter in '\0'..=char::MAX {
            let turns = name(&format!("a{letter}b")) == Err(TextFault::Turning);
            assert_eq!(turns, TURNING.contains(&letter), "{letter:?}");
            assert_eq!(note(&letter.to_string()) == Err(TextFault::Turning), turns);
        }
    }

    #[test]
    fn every_control_character_is_refused_and_in_a_note_all_but_the_line_break() {
        for letter in ('\0'..=char::MAX).filter(|letter| letter.is_control()) {
            assert_eq!(name(&format!("a{letter}b")), Err(TextFault::Control));
            assert_eq!(note(&letter.to_string()).is_ok(), letter == '\n');
        }
        for letter in ["\u{2028}", "\u{2029}"] {
            assert_eq!(name(letter), Err(TextFault::Control));
        }
    }

    #[test]
    fn what_is_written_somewhere_stays_allowed() {
        for fine in [
            "CI",
            "é",
            "e\u{301}",
            "👩\u{200d}🚀",
            "❤\u{fe0f}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "1\u{fe0f}\u{20e3}",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "مفتاح الإنتاج",
            "מפתח CI 2",
            "部署",
            "한글",
            "\u{f8ff}",
            "…",
            "%_'\"<b>",
        ] {
            assert_eq!(name(fine), Ok(()), "{fine:?}");
        }
        assert_eq!(note(""), Ok(()));
        assert_eq!(note("two\nlines"), Ok(()));
        assert_eq!(note(" \n "), Ok(()));
    }

    proptest! {
        #[test]
        fn what_takes_no_ink_is_no_name_and_one_letter_makes_it_one(
            before in vec(select(&INKLESS), 0..8),
            after in vec(select(&INKLESS), 0..8),
            letter in "\\PC",
        ) {
            let text = |letters: &[char]| letters.iter().collect::<String>();
            let (before, after) = (text(&before), text(&after));
            let nothing = format!("{before}{after}");
            prop_assert_eq!(name(&nothing), Err(TextFault::Invisible));
            prop_assert_eq!(note(&nothing).is_ok(), nothing.trim().is_empty());
            let letter = letter.chars().next().filter(|letter| letter.is_alphanumeric());
            let letter = letter.filter(|letter| visible(*letter)).unwrap_or('a');
            prop_assert_eq!(name(&format!("{before}{letter}{after}")), Ok(()));
        }

        #[test]
        fn one_turning_character_is_enough(
            before in "[a-zא-ת ]{0,8}",
            turning in select(&TURNING),
            after in "[a-zא-ת ]{0,8}",
        ) {
            let text = format!("{before}{turning}{after}");
            prop_assert_eq!(name(&text), Err(TextFault::Turning));
            prop_assert_eq!(note(&text), Err(TextFault::Turning));
        }
    }
}
