//! What takes away what is in memory: a write, a change of what stands behind the gateway, a key that may less.

use super::*;

#[tokio::test]
async fn a_write_by_anybody_takes_away_what_was_read_in_its_project() {
    let reads = Reads::new().await;
    let other = key(Scope::Project { project_id: ALPHA }, READ_WRITE);
    let elsewhere = key(Scope::Project { project_id: BETA }, READ_WRITE);
    for owned in [&other, &elsewhere] {
        reads.gateway.put_key(&owned.key);
    }
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "1");
    let in_beta = [("x-phare-project-id", "2")];
    reads
        .send("POST", &elsewhere, "/uptime/monitors/1/pause", &in_beta)
        .await;
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "1");
    for (owned, path) in [
        (&other, "/uptime/monitors/1/pause"),
        (&reads.owner, "/uptime/monitors/1"),
        // An alert rule may hold in every project.
        (&elsewhere, "/alert-rules"),
        (&reads.owner, "/projects"),
    ] {
        let headers: &[_] = if owned.key.id() == elsewhere.key.id() {
            &in_beta
        } else {
            &[]
        };
        let before = reads.body(&reads.reader, MONITORS).await;
        assert_eq!(reads.body(&reads.reader, MONITORS).await, before);
        let written = reads.send("POST", owned, path, headers).await;
        assert_eq!(written.status, 200, "{path}");
        assert_ne!(reads.body(&reads.reader, MONITORS).await, before, "{path}");
    }
}

#[tokio::test]
async fn so_does_a_write_of_gardiens_own() {
    let reads = Reads::new().await;
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "1");
    let need = Need {
        project: None,
        product: Product::Platform,
        access: Access::Write,
        manages_projects: true,
    };
    let request = Request::post("/projects").body(whole("{}")).unwrap();
    let transport: Arc<dyn Transport> = reads.phare.transport();
    let answer = reads.gateway.call(&transport, request, need, true).await;
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "3");
}

#[tokio::test]
async fn what_is_read_while_a_write_is_under_way_is_not_kept() {
    let reads = Reads::new().await;
    reads.phare.hold(Method::POST);
    let write = reads.send("POST", &reads.owner, "/uptime/monitors/1", &[]);
    let read = async {
        reads.phare.until(1).await;
        assert_eq!(reads.body(&reads.reader, MONITORS).await, "2");
        reads.phare.go();
    };
    let (written, ()) = tokio::join!(write, read);
    assert_eq!(written.status, 200);
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "3");

    // Nor is one that goes on when the write ends, or whose write is given up.
    let read = reads.asks_and_is_held(&reads.owner).await;
    reads.phare.hold(Method::POST);
    let write = reads.send("POST", &reads.owner, "/uptime/monitors/1", &[]);
    tokio::select! {
        answer = write => panic!("{answer:?}"),
        () = reads.phare.until(5) => {}
    }
    reads.phare.go();
    let read = Answer::read(read.await.unwrap()).await;
    assert_eq!(read.body, "4");
    // It may still be made.
    for call in ["6", "7"] {
        assert_eq!(reads.body(&reads.owner, MONITORS).await, call);
    }
}

#[tokio::test]
async fn a_key_that_may_not_is_never_answered() {
    let reads = Reads::new().await;
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "1");
    reads.gateway.put_key(&narrowed(&reads.reader));
    assert_eq!(reads.read(&reads.reader, MONITORS).await.status, 403);
    reads.gateway.put_key(&reads.reader.key);
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "2");
    let revocation = Revocation {
        at: now(),
        by: reads.reader.key.created_by(),
    };
    reads.gateway.revoke(reads.reader.key.id(), revocation);
    assert_eq!(reads.read(&reads.reader, MONITORS).await.status, 401);
    assert_eq!(reads.phare.calls(), 2);
}

#[tokio::test]
async fn nothing_outlives_what_stands_behind_the_gateway() {
    let reads = Reads::new().await;
    let forgets: [fn(&Reads); 6] = [
        |reads| reads.gateway.attach(Some(reads.phare.transport())),
        |reads| reads.gateway.attach_again(reads.phare.transport()),
        |reads| reads.gateway.put_projects([(BETA, "gamma")]),
        |reads| reads.gateway.remove_project(BETA),
        |reads| reads.gateway.forget_reads(),
        |reads| {
            reads.gateway.set_limit(&organization(0));
            reads.gateway.set_limit(&organization(10));
        },
    ];
    for (number, forget) in forgets.into_iter().enumerate() {
        let before = reads.body(&reads.owner, MONITORS).await;
        assert_eq!(reads.body(&reads.owner, MONITORS).await, before);
        forget(&reads);
        assert_ne!(reads.body(&reads.owner, MONITORS).await, before, "{number}");
    }
}

#[tokio::test]
async fn nor_phares_word_that_somebody_else_calls_it() {
    let reads = Reads::of(|call, request| {
        let mut answer = numbered(call, request);
        if request.uri().path() == "/uptime/incidents" {
            *answer.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
            answer.headers_mut().insert("retry-after", 0.into());
        }
        answer
    })
    .await;
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "1");
    let held = reads.read(&reads.owner, "/uptime/incidents").await;
    assert_eq!(held.status, 429);
    pass(Duration::from_secs(2)).await;
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "3");
}
