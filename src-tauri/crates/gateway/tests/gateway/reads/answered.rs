//! Which reads are answered from memory, and for how long: the same question of the same key.

use super::*;

#[tokio::test]
async fn off_every_read_is_a_call() {
    let reads = Reads::new().await;
    reads.gateway.set_limit(&organization(0));
    for call in ["1", "2", "3"] {
        let answer = reads.read(&reads.owner, MONITORS).await;
        assert_eq!(answer.body, call);
        assert_eq!(answer.header("age"), "");
    }
}

#[tokio::test]
async fn the_same_read_is_answered_from_memory_for_its_time() {
    let reads = Reads::new().await;
    let first = reads.read(&reads.owner, MONITORS).await;
    assert_eq!((&*first.body, first.header("age")), (&b"1"[..], ""));
    pass(Duration::from_secs(4)).await;
    let second = reads.read(&reads.owner, MONITORS).await;
    assert_eq!((&*second.body, second.header("age")), (&b"1"[..], "4"));
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    let remaining = |answer: &Answer| answer.header("x-ratelimit-remaining").to_owned();
    assert_eq!(remaining(&first), remaining(&second));
    assert_eq!(reads.gateway.saved_calls(), 1);
    assert_eq!(reads.gateway.calling(now())[0].calls, 2, "both are a use");
    pass(Duration::from_secs(7)).await;
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "2");
}

#[tokio::test]
async fn what_is_in_memory_is_answered_though_the_limit_is_reached() {
    let reads = Reads::new().await;
    reads.gateway.set_limit(&Organization {
        calls_per_minute: 1,
        at_limit: AtLimit::Reject,
        ..organization(10)
    });
    for _ in 0..3 {
        assert_eq!(reads.body(&reads.owner, MONITORS).await, "1");
    }
    let other = reads.read(&reads.owner, "/uptime/incidents").await;
    assert_eq!(other.status, 429);
}

#[tokio::test]
async fn another_question_is_another_call() {
    let reads = Reads::new().await;
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "1");
    let mut call = 1;
    for (path, headers) in [
        ("/uptime/monitors/1", &[][..]),
        ("/uptime/monitors?page=2", &[]),
        ("/uptime/monitors?page=2&per_page=5", &[]),
        (MONITORS, &[("x-phare-project-id", "2")]),
        (MONITORS, &[("accept", "text/csv")]),
        (MONITORS, &[("accept-language", "fr")]),
        (MONITORS, &[("x-anything", "1")]),
        (MONITORS, &[("x-anything", "1"), ("x-anything", "2")]),
        (MONITORS, &[("x-anything", "2"), ("x-anything", "1")]),
        (MONITORS, &[("x-forwarded-proto", "https")]),
    ] {
        call += 1;
        for _ in 0..2 {
            let answer = reads.send("GET", &reads.owner, path, headers).await;
            assert_eq!(answer.body, call.to_string(), "{path} {headers:?}");
        }
    }
    // These change nothing, and these are never answered from memory.
    for headers in [
        &[("x-request-id", "mine")][..],
        &[("traceparent", "00-1-2-03"), ("accept-encoding", "br")],
    ] {
        let answer = reads.send("GET", &reads.owner, MONITORS, headers).await;
        assert_eq!(answer.body, "1", "{headers:?}");
    }
    for header in [
        ("cache-control", "no-cache"),
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
        ("range", "bytes=0-1"),
        ("if-none-match", "\"1\""),
        ("if-modified-since", "Fri, 06 Nov 2026 08:49:37 GMT"),
    ] {
        call += 1;
        let answer = reads.send("GET", &reads.owner, MONITORS, &[header]).await;
        assert_eq!(answer.body, call.to_string(), "{header:?}");
    }
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "1");
}

/// Two that differ in nothing else.
#[tokio::test]
async fn a_read_with_a_body_is_a_call() {
    let reads = Reads::new().await;
    for call in 1..=3 {
        let read = Request::get("/projects")
            .header("authorization", reads.owner.bearer())
            .header("host", "localhost");
        let read = read.body(Full::<Bytes>::from("{}")).unwrap();
        let answer = Answer::read(reads.gateway.handle(read).await).await;
        assert_eq!(answer.body, call.to_string());
    }
}

#[tokio::test]
async fn no_key_is_answered_what_another_was() {
    let reads = Reads::new().await;
    let same = key(Scope::Organization {}, READ_WRITE);
    reads.gateway.put_key(&same.key);
    for (owned, call) in [(&reads.owner, "1"), (&same, "2"), (&reads.reader, "3")] {
        for _ in 0..2 {
            assert_eq!(reads.body(owned, MONITORS).await, call);
        }
    }
}

#[tokio::test]
async fn a_head_is_answered_from_memory_too() {
    let reads = Reads::new().await;
    let answer = reads.send("HEAD", &reads.owner, MONITORS, &[]).await;
    assert_eq!((answer.status, reads.phare.calls()), (200, 1));
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "2");
    let answer = reads.send("HEAD", &reads.owner, MONITORS, &[]).await;
    assert_eq!((&*answer.body, answer.header("age")), (&b""[..], "0"));
    assert_eq!(answer.header("content-length"), "1");
    assert_eq!(reads.phare.calls(), 2);
}

/// A project key's list of projects is made here, of its one project.
#[tokio::test]
async fn the_list_of_one_project_is_kept_as_it_was_made() {
    let reads = Reads::of(|call, _| {
        let project = format!("{{\"id\":1,\"name\":\"{call}\"}}");
        let answer = Response::builder().header("content-type", "application/json");
        answer.body(whole(project)).unwrap()
    })
    .await;
    let first = reads.read(&reads.reader, "/projects").await;
    assert_eq!(first.json()["data"][0]["name"], "1");
    let second = reads.read(&reads.reader, "/projects").await;
    assert_eq!(
        (&second.body, second.header("age")),
        (&first.body, "0"),
        "{second:?}"
    );
    let second = reads.read(&reads.reader, "/projects?page=2").await;
    assert_eq!(second.json()["meta"]["current_page"], 2);
}
