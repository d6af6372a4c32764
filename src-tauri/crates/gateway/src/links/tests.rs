use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use proptest::prelude::*;

use super::*;
use crate::body::BoxError;

fn own(base: &str) -> Own {
    Own::of(&base.parse().unwrap())
}

fn gateway() -> Called {
    Called::at(&"http://gw/".parse().unwrap())
}

#[test]
fn what_a_proxy_calls_this_machine_is_no_place_to_lead_a_client_to() {
    let begin = |version, pairs: &[(&'static str, &'static str)]| {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        let called = Destination::of(version, &pairs.collect()).called();
        called.as_str().to_owned()
    };
    for host in ["127.0.0.1:7420", "localhost:7420", "[::1]:7420"] {
        let direct = begin(Version::HTTP_11, &[("host", host)]);
        assert_eq!(direct, format!("http://{host}"));
        assert_eq!(begin(Version::HTTP_10, &[("host", host)]), "", "{host}");
        for sign in [
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "keys.example"),
            ("forwarded", "for=192.0.2.1"),
            ("via", "1.1 proxy"),
        ] {
            let begin = begin(Version::HTTP_11, &[("host", host), sign]);
            assert_eq!(begin, "", "{host} {sign:?}");
        }
    }
    let named = [("host", "keys.example"), ("x-forwarded-proto", "https")];
    assert_eq!(begin(Version::HTTP_11, &named), "https://keys.example");
    assert_eq!(begin(Version::HTTP_10, &named), "https://keys.example");
}

#[test]
fn an_upstream_is_known_by_both_schemes_and_its_usual_port() {
    let led = |base: &str, link: &str| {
        let led = own(base).lead_back(link.as_bytes(), &gateway());
        led.map(|led| String::from_utf8(led).unwrap())
    };
    for (base, link, path) in [
        (
            "https://api.phare.io",
            "https://api.phare.io/a?b#c",
            "/a?b#c",
        ),
        ("https://api.phare.io/", "http://api.phare.io", ""),
        ("https://api.phare.io", "https://api.phare.io:443/a", "/a"),
        ("https://api.phare.io:443", "https://API.phare.io/a", "/a"),
        (
            "https://api.phare.io",
            "https:\\/\\/api.phare.io\\/a",
            "\\/a",
        ),
        ("http://127.0.0.1:81/v1/", "http://127.0.0.1:81/v1/a", "/a"),
        ("http://127.0.0.1:81/v1", "https://127.0.0.1:81/v1?a", "?a"),
        ("http://[::1]:81", "http://[::1]:81/a", "/a"),
    ] {
        assert_eq!(led(base, link), Some(format!("http://gw{path}")), "{link}");
    }
    for (base, link) in [
        (
            "https://api.phare.io",
            "https://api.phare.io.evil.example/a",
        ),
        ("https://api.phare.io", "https://api.phare.io:8443/a"),
        (
            "https://api.phare.io",
            "https://api.phare.io@evil.example/a",
        ),
        (
            "https://api.phare.io",
            "https://api.phare.io\\u002eevil.example",
        ),
        ("https://api.phare.io", "https://app.phare.io/a"),
        ("https://api.phare.io", "see https://api.phare.io/a"),
        ("https://api.phare.io", "/a"),
        ("https://api.phare.io", ""),
        ("https://api.phare.io/v1", "https://api.phare.io/v10/a"),
        ("https://api.phare.io/v1", "https://api.phare.io/a"),
        ("http://127.0.0.1:81", "http://127.0.0.1/a"),
    ] {
        assert_eq!(led(base, link), None, "{link}");
    }
}

/// What comes out when `json` comes in pieces that end at these places.
fn passed(json: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (json.len() + 1)).collect();
    cuts.extend([0, json.len()]);
    cuts.sort_unstable();
    let pieces: Vec<_> = cuts
        .windows(2)
        .map(|cut| Ok::<_, BoxError>(Frame::data(Bytes::copy_from_slice(&json[cut[0]..cut[1]]))))
        .collect();
    let body = Body::new(StreamBody::new(stream::iter(pieces)));
    let reader = || json::Reader::new(own("https://api.phare.io"), gateway());
    let led = json::Leading::new(body, reader());
    let led = led.collect().now_or_never().unwrap().unwrap();
    let led = led.to_bytes().to_vec();
    assert_eq!(led, reader().whole(json), "cut or whole");
    led
}

const LINKS: &[(&str, &str)] = &[
    (
        r#"{"data":[{"url":"https://api.phare.io/a"}],"links":{"next":"https://api.phare.io/a?page=2"}}"#,
        r#"{"data":[{"url":"https://api.phare.io/a"}],"links":{"next":"http://gw/a?page=2"}}"#,
    ),
    (
        r#"{ "links" : [ {"url": "https:\/\/api.phare.io\/a", "label": "1 \"\\" } ] , "data" : "https://api.phare.io/" }"#,
        r#"{ "links" : [ {"url": "http://gw\/a", "label": "1 \"\\" } ] , "data" : "https://api.phare.io/" }"#,
    ),
    // By name and not by what looks like it.
    (
        r#"{"link":"https://api.phare.io/","a":"links","b":"https://api.phare.io/","c\"links":"https://api.phare.io/"}"#,
        r#"{"link":"https://api.phare.io/","a":"links","b":"https://api.phare.io/","c\"links":"https://api.phare.io/"}"#,
    ),
    (
        r#"{"data":[{"links":{"self":"https://api.phare.io/a/1"},"url":"https://api.phare.io/"}]}"#,
        r#"{"data":[{"links":{"self":"http://gw/a/1"},"url":"https://api.phare.io/"}]}"#,
    ),
    (
        r#"{"meta":{"path":"https://api.phare.io/a","links":{"a":"https://api.phare.io"}},"x":"https://api.phare.io"}"#,
        r#"{"meta":{"path":"http://gw/a","links":{"a":"http://gw"}},"x":"https://api.phare.io"}"#,
    ),
    // No JSON to the end, and still all there.
    (
        r#"{"links":{"next":"https://api.pha"#,
        r#"{"links":{"next":"https://api.pha"#,
    ),
    (
        r#"]}"]{"links":"https://api.phare.io"#,
        r#"]}"]{"links":"https://api.phare.io"#,
    ),
];

#[test]
fn links_are_led_back_wherever_the_body_is_cut() {
    for (json, led) in LINKS {
        for cut in 0..=json.len() {
            let passed = passed(json.as_bytes(), &[cut, cut + 1]);
            assert_eq!(String::from_utf8_lossy(&passed), *led);
        }
        let every: Vec<_> = (0..json.len()).collect();
        assert_eq!(passed(json.as_bytes(), &every), led.as_bytes());
    }
    let long = format!(
        r#"{{"links":"https://api.phare.io/{}"}}"#,
        "x".repeat(9_000)
    );
    assert_eq!(passed(long.as_bytes(), &[]), long.as_bytes());
}

proptest! {
    #[test]
    fn every_byte_that_is_no_link_passes_as_it_is(
        bytes in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), Just(b'{'), Just(b'}'), Just(b':'), any::<u8>()], 0..400),
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        prop_assert_eq!(passed(&bytes, &cuts), bytes);
    }
}

#[test]
fn an_answer_is_passed_over_only_where_the_host_is_not_in_it() {
    let own = own("https://api.phare.io");
    for text in [
        "https://api.phare.io",
        r"HTTPS:\/\/API.Phare.IO\/users",
        "a/b//api.phare.io",
    ] {
        assert!(own.may_be_in(text.as_bytes()), "{text}");
    }
    for text in [
        "",
        "/",
        "https://www.example.com/",
        "api.phare.io",
        "/api.phare.i",
    ] {
        assert!(!own.may_be_in(text.as_bytes()), "{text}");
    }
}
