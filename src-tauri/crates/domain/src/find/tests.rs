//! Texts with secrets in them, and texts without.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::secret::push_base62;

fn entropy(seed: u64) -> impl FnMut(&mut [u8]) -> Result<(), std::convert::Infallible> {
    let mut state = seed;
    move |buffer| {
        for byte in buffer {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 33) as u8;
        }
        Ok(())
    }
}

fn secret(seed: u64) -> String {
    let kind = SecretKind::ALL[usize::from(seed.is_multiple_of(2))];
    let secret = Secret::generate(kind, entropy(seed)).unwrap();
    secret.expose().to_owned()
}

/// Whole secrets as they are, others as display form and kind.
fn seen(text: &str) -> Vec<String> {
    let shown = |sighting| match sighting {
        Sighting::Whole(secret) => secret.expose().to_owned(),
        Sighting::Strange(strange) => format!("{} {}", strange.display, strange.kind),
    };
    sightings(text).into_iter().map(shown).collect()
}

#[test]
fn a_secret_is_found_wherever_it_stands() {
    let s = secret(1);
    for text in [
        s.clone(),
        format!("  {s}\r\n"),
        format!("Authorization: Bearer {s}"),
        format!("authorization:bearer\t{s},"),
        format!("curl -H 'Authorization: Bearer {s}' https://gardien.example/projects"),
        format!("PHARE_API_KEY={s}"),
        format!("export PHARE_API_KEY=\"{s}\"; run"),
        format!(r#"{{"token":"{s}"}}"#),
        format!(r#"{{"log":"first line\n{s}\nlast line"}}"#),
        format!(r#"{{\"token\":\"{s}\"}}"#),
        format!("\\u0022{s}\\u0022"),
        format!("https://x.example/?key={s}&y=1"),
        format!("q=Bearer%20{s}%0A"),
        format!("https%3A%2F%2Fx%2F%3Fk%3D{s}%26y"),
        format!("-  api_key: {s}\n"),
        format!("@@ -1 +1 @@\n-{s}\n+# gone"),
        format!("2026-11-26T14:00:00Z WARN key={s}: 401"),
        format!("<td>{s}</td>"),
        format!("`{s}`."),
        format!("|{s}|"),
        format!("é{s}…"),
        format!("\u{1b}[01;31m{s}\u{1b}[0m"),
        format!("x_pha_{s}_y"),
        format!("{s}trailing"),
        format!("pha_org_gdn_{s}"),
        format!("{s}{s} {s}"),
        format!("\u{feff}{}\u{200b}{}\u{ad}{}", &s[..2], &s[2..20], &s[20..]),
    ] {
        assert_eq!(seen(&text), [s.as_str()], "{text}");
    }
}

#[test]
fn each_is_told_once_in_the_order_of_the_text() {
    let [a, b, c] = [1, 2, 3].map(secret);
    let text = format!("{b} {a}{c}\n{a} pha_prj_0123456789abcdefgh {b}");
    let phare = "pha_prj_0123…efgh phare";
    assert_eq!(seen(&text), [&b, &a, &c, phare]);
}

#[test]
fn what_is_none_of_ours_is_told_by_its_form() {
    let mut wrong = "pha_org_gdn_0123456789ABCDEFGHIJKLMNOPQRSTUV39NYFp".to_owned();
    let mistyped = "pha_org_gdn_0123…STUV mistyped";
    assert_eq!(seen(&wrong), [mistyped]);
    wrong.push_str("and more");
    assert_eq!(seen(&wrong), [mistyped]);
    let mut token = SESSION_PREFIX.to_owned();
    push_base62(&mut token, SESSION_RANDOM, entropy(3)).unwrap();
    let (first, last) = (&token[12..16], &token[token.len() - 4..]);
    let session = format!("gdn_session_{first}…{last} session");
    assert_eq!(seen(&format!("token: {token}.")), [session]);
    for (text, told) in [
        (
            "pha_org_gdn_0123456789ABCDEFGHIJKL",
            "pha_org_gdn_0123… truncated",
        ),
        ("pha_prj_gdn_012345678…", "pha_prj_gdn_0123… truncated"),
        ("gdn_session_0123456789abc", "gdn_session_0123… session"),
        ("pha_org_0123456789abcdef", "pha_org_0123…cdef phare"),
        ("x=pha_proj_0123456789abcdef;", "pha_proj_0123…cdef phare"),
        ("pha_0123456789abcdef0", "pha_0123…def0 phare"),
        (r"line\npha_org_0123456789abcdef", "pha_org_0123…cdef phare"),
        (
            "Bearer%20pha_org_0123456789abcdef",
            "pha_org_0123…cdef phare",
        ),
        (
            "pha_key_gdn_0123456789abcdef",
            "pha_key_gdn_0123…cdef mistyped",
        ),
    ] {
        assert_eq!(seen(text), [told], "{text}");
    }
    let unknown = StrangeSecret::unknown(&Secret::parse(&secret(1)).unwrap());
    assert_eq!(unknown.kind, StrangeKind::Gardien);
    assert!(!secret(1).contains(&unknown.display.replace('…', "")));
}

#[test]
fn words_and_display_forms_are_no_secrets() {
    for text in [
        "",
        "pha_",
        "pha_org_gdn_",
        "pha_org_gdn_AbCd…WxYz",
        "Keys start with pha_org_gdn_ or pha_prj_gdn_.",
        "pha_org_gdn_AbCd",
        "gdn_session_",
        "alpha_characterisations",
        "alpha_org_0123456789abcdefghi",
        "pha_render_the_sidebar_widget",
        "night watch",
    ] {
        assert_eq!(seen(text), [""; 0], "{text}");
    }
}

#[test]
fn megabytes_are_read_in_a_time_that_grows_with_their_length() {
    let time = |text: String| {
        let timed = (0..3).map(|_| {
            let start = Instant::now();
            let _ = sightings(&text);
            start.elapsed()
        });
        timed.min().unwrap_or(Duration::MAX)
    };
    for piece in [
        "pha_",
        "pha_org_gdn_",
        "pha_org_gdn_0123456789",
        " pha_a",
        "_gdn_session_",
        "a",
    ] {
        let (short, long) = (400_000 / piece.len(), 4_000_000 / piece.len());
        let ratio =
            time(piece.repeat(long)).as_secs_f64() / time(piece.repeat(short)).as_secs_f64();
        assert!(
            ratio < 50.0,
            "ten times as much of {piece:?} took {ratio} times as long"
        );
    }
}

/// What a secret begins with, pieces of one, and what ends a word.
fn noise() -> impl Strategy<Value = String> {
    let pieces = [
        "pha_",
        "org_",
        "prj_gdn_",
        "gdn_",
        "pha_org_gdn_",
        "gdn_session_",
        "_",
        "0",
        "Zz9",
        "0123456789abcdefghijklmnopqrstuvwxyz",
        " ",
        "\n",
        "\\n",
        "\"",
        "%20",
        "=",
        "…",
        "é",
        "👩\u{200d}🚀",
    ];
    vec(select(pieces.to_vec()), 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn noise_never_hides_a_secret(parts in vec((noise(), 0_u64..6), 0..8), end in noise()) {
        let mut text = String::new();
        let mut expected: Vec<String> = Vec::new();
        for (noise, seed) in parts {
            let secret = secret(seed);
            text.push_str(&noise);
            text.push_str(&secret);
            if !expected.contains(&secret) {
                expected.push(secret);
            }
        }
        text.push_str(&end);
        let mut whole = seen(&text);
        whole.retain(|seen| !seen.contains('…'));
        prop_assert_eq!(whole, expected);
    }

    #[test]
    fn of_any_text_little_is_shown(text in "\\PC*", noise in noise(), more in noise()) {
        for text in [text.clone(), format!("{noise}{text}{more}")] {
            for sighting in sightings(&text) {
                let Sighting::Strange(strange) = sighting else { continue };
                let (first, last) = strange.display.split_once('…').unwrap();
                prop_assert!(first.len() <= PREFIX + 4 && last.len() <= 4);
                prop_assert!(text.contains(first) && text.contains(last));
            }
        }
    }

    #[test]
    fn a_secret_that_lost_its_end_or_has_a_wrong_letter_is_known_for_what_it_is(
        seed: u64,
        length in PREFIX + SHOWN + 1..SECRET_LEN,
        at in PREFIX..SECRET_LEN,
    ) {
        let secret = secret(seed);
        let first = &secret[..PREFIX + 4];
        prop_assert_eq!(seen(&secret[..length]), [format!("{first}… truncated")]);
        let mut letters = secret.into_bytes();
        letters[at] = if letters[at] == b'x' { b'y' } else { b'x' };
        let wrong = String::from_utf8(letters).unwrap();
        let told = seen(&wrong);
        prop_assert!(told.len() == 1 && told[0].ends_with(" mistyped"), "{:?}", told);
    }
}
