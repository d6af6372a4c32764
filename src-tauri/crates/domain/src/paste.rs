//! Credentials and addresses as people paste and configure them: with a byte-order mark before them, quotes around
//! them, spaces of any kind and width. All of that is taken off; what stands inside is named instead of tried.

use std::fmt;

use icu_properties::CodePointSetData;
use icu_properties::props::QuotationMark;
use zeroize::Zeroizing;

use crate::text::unseen;

/// A character that no credential or address holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("It holds {} at position {position}. Copy it again, or take that out.", Named(*letter))]
pub struct StrayCharacter {
    /// Which.
    pub letter: char,
    /// Where, counted in characters from 1, without what stood around the text.
    pub position: usize,
}

/// `text` without what stands around it and is no part of any credential or address.
#[must_use]
pub fn bare(text: &str) -> &str {
    let quotes = CodePointSetData::new::<QuotationMark>();
    text.trim_matches(|letter| unseen(letter) || quotes.contains(letter) || letter == '`')
}

/// A credential as it was meant.
///
/// # Errors
/// [`StrayCharacter`] for the first one inside that cannot be one of a credential's.
pub fn credential(text: &str) -> Result<&str, StrayCharacter> {
    without(bare(text), |letter| {
        !letter.is_ascii_graphic() || matches!(letter, '"' | '\'' | '`')
    })
}

/// An address as it was meant. It may hold letters of any script.
///
/// # Errors
/// [`StrayCharacter`] for the first one inside that nobody sees.
pub fn address(text: &str) -> Result<&str, StrayCharacter> {
    without(bare(text), unseen)
}

/// The lines of a file of credentials, each as it was meant; empty ones are none.
///
/// # Errors
/// As [`credential`].
pub fn credentials(text: &str) -> Result<Vec<&str>, StrayCharacter> {
    let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
    let lines = lines.map(credential);
    let meant = lines.filter(|line| line.as_ref().map_or(true, |line| !line.is_empty()));
    meant.collect()
}

/// The text of a file. Editors and shells of Windows write UTF-16, and say so by its mark.
#[must_use]
pub fn decoded(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let utf_16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        // Three bytes at most for each: a text that grows would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(3 * pairs.len()));
        for letter in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
            text.push(letter.ok()?);
        }
        rest.is_empty().then_some(text)
    };
    match bytes {
        [0xff, 0xfe, text @ ..] => utf_16(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => utf_16(text, u16::from_be_bytes),
        text => Some(Zeroizing::new(str::from_utf8(text).ok()?.to_owned())),
    }
}

fn without(text: &str, stray: impl Fn(char) -> bool) -> Result<&str, StrayCharacter> {
    let found = text.chars().enumerate().find(|(_, letter)| stray(*letter));
    found.map_or(Ok(text), |(before, letter)| {
        Err(StrayCharacter {
            letter,
            position: before + 1,
        })
    })
}

/// A character by its code point, and by its name where that says more.
struct Named(char);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(letter) = *self;
        write!(f, "U+{:04X}", u32::from(letter))?;
        let name = match letter {
            '\t' => "TAB",
            '\n' | '\r' => "LINE BREAK",
            ' ' => "SPACE",
            '\u{a0}' => "NO-BREAK SPACE",
            '\u{ad}' => "SOFT HYPHEN",
            '\u{200b}' => "ZERO WIDTH SPACE",
            '\u{200c}' => "ZERO WIDTH NON-JOINER",
            '\u{200d}' => "ZERO WIDTH JOINER",
            '\u{200e}' => "LEFT-TO-RIGHT MARK",
            '\u{200f}' => "RIGHT-TO-LEFT MARK",
            '\u{2028}' => "LINE SEPARATOR",
            '\u{202f}' => "NARROW NO-BREAK SPACE",
            '\u{2060}' => "WORD JOINER",
            '\u{feff}' => "BYTE ORDER MARK",
            '\u{fffd}' => "REPLACEMENT CHARACTER",
            _ if unseen(letter) => return Ok(()),
            _ => return write!(f, " ({letter})"),
        };
        write!(f, " {name}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const KEY: &str = "pha_org_0123456789abcdefABCDEF";
    const AROUND: &[&str] = &[
        "\u{feff}", "\"", "'", "`", "“", "”", "„", "‘", "’", "«", "»", " ", "\t", "\r\n", "\n",
        "\u{a0}", "\u{202f}", "\u{3000}", "\u{200b}", "\u{200d}", "\u{2060}", "\u{200e}", "\u{ad}",
        "\0",
    ];

    #[test]
    fn what_stands_inside_is_named_and_where() {
        let said = |text: &str| credential(text).unwrap_err().to_string();
        assert!(said("\u{feff}pha_or\u{200b}g").contains("U+200B ZERO WIDTH SPACE at position 7."));
        assert!(said("pha org").contains("U+0020 SPACE at position 4."));
        // A letter of another script that looks like ours.
        assert!(said("pha_\u{441}").contains("U+0441 (\u{441}) at position 5."));
        assert!(said("a\u{2066}b").contains("U+2066 at position 2."));
        assert!(said("KEY=\"pha_").contains("U+0022 (\") at position 5."));
        assert_eq!(
            address("“https://phare.büro.example/”"),
            Ok("https://phare.büro.example/")
        );
        assert_eq!(address("https://a\u{ad}b").unwrap_err().letter, '\u{ad}');
    }

    #[test]
    fn a_file_holds_one_a_line_in_any_form_that_editors_write() {
        let text = format!("\u{feff}\"{KEY}\"\r\n\r\n\u{a0}{KEY}\u{a0}\n");
        assert_eq!(credentials(&text), Ok(vec![KEY, KEY]));
        assert!(credentials(&format!("{KEY} {KEY}")).is_err());
        assert_eq!(credentials("\u{feff}\r\n"), Ok(vec![]));
        let little = text
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>();
        let big = text
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect::<Vec<_>>();
        for bytes in [little, big] {
            let text = decoded(&bytes).unwrap();
            assert_eq!(credentials(&text), Ok(vec![KEY, KEY]));
        }
        assert_eq!(*decoded(text.as_bytes()).unwrap(), text);
        assert_eq!(decoded(b"pha_\xff"), None);
        assert_eq!(decoded(b"\xff\xfea"), None, "half a character");
    }

    proptest! {
        #[test]
        fn what_stands_around_is_taken_off(
            before in prop::collection::vec(select(AROUND), 0..6),
            after in prop::collection::vec(select(AROUND), 0..6),
        ) {
            let text = format!("{}{KEY}{}", before.concat(), after.concat());
            prop_assert_eq!(credential(&text), Ok(KEY));
            prop_assert_eq!(address(&text), Ok(KEY));
        }

        #[test]
        fn what_stands_inside_is_never_tried(stray in select(AROUND), at in 1..KEY.len()) {
            let text = format!("{}{stray}{}", &KEY[..at], &KEY[at..]);
            let refused = credential(&text).unwrap_err();
            prop_assert_eq!((Some(refused.letter), refused.position), (stray.chars().next(), at + 1));
        }
    }
}
