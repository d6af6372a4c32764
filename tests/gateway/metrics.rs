//! What can be watched of it: in the text format of Prometheus, on a listener of its own, and of nobody in particular.

use reqwest::Method;

use crate::support::people::Caller;
use crate::support::server::Server;
use crate::support::world::{Project, World, new_key, organization};

#[tokio::test]
async fn what_became_of_calls_is_counted_and_nobody_is_named() {
    let server = Server::start_with(&["--metrics", "127.0.0.1:0", "--phare", "sandbox"], &[]);
    let owner = server.member("owner@lighthouse.test", "owner");
    let project = Project::create(&owner, "Lighthouse shop").await;
    let made = owner
        .post(
            "/v1/keys",
            new_key("Reader of lamps", organization(), "none", "read"),
        )
        .await
        .expect(201);
    let secret = made["secret"].as_str().unwrap();
    server.remember(secret);
    let id = made["key"]["id"].as_str().unwrap();
    let holder = server
        .key_holder(secret)
        .header("x-phare-project-id", &project.id.to_string());
    let counted = async |outcome: &str| {
        server
            .figure(&format!("gardien_calls_total{{outcome=\"{outcome}\"}}"))
            .await
    };
    assert!(
        counted("granted").await < 1.0,
        "Gardien's own calls are none of anybody's"
    );
    for _ in 0..3 {
        holder.get("/uptime/monitors").await.expect(200);
    }
    holder.delete("/uptime/monitors/1").await.refusal(403, "");
    server
        .key_holder("nonsense")
        .get("/uptime/monitors")
        .await
        .refusal(401, "");
    owner
        .post(&format!("/v1/keys/{id}/revoke"), serde_json::json!({}))
        .await
        .expect(200);
    holder
        .get("/uptime/monitors")
        .await
        .refusal(401, "key_revoked");
    for (outcome, times) in [
        ("granted", 3.0),
        ("scope_missing", 1.0),
        ("unauthorized", 1.0),
        ("key_revoked", 1.0),
        ("gateway_stale", 0.0),
    ] {
        assert!((counted(outcome).await - times).abs() < 0.5, "{outcome}");
    }
    assert!(server.figure("gardien_limit_used_calls").await >= 3.0);
    assert!(server.figure("gardien_limit_calls").await >= 100.0);
    assert!(
        server
            .figure("gardien_connections{listener=\"gateway\"}")
            .await
            >= 1.0
    );
    assert!(server.figure("gardien_revision").await >= 3.0);
    assert!(server.figure("gardien_on_duty").await >= 1.0);

    let text = server.watched().await;
    for name in [
        "lighthouse",
        "Lighthouse",
        "Reader",
        "127.0.0.1",
        id,
        "pha_org",
    ] {
        assert!(!text.contains(name), "{name} in\n{text}");
    }
    // Nobody shares its database, so there is nothing to say of leases.
    assert!(!text.contains("gardien_lease"), "{text}");
    let families: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("# TYPE "))
        .collect();
    for family in &families {
        assert_eq!(
            families.iter().filter(|other| other == &family).count(),
            1,
            "{family}"
        );
    }
}

#[tokio::test]
async fn nothing_else_is_told_there_and_elsewhere_there_is_no_such_path() {
    let server = Server::start_with(&["--metrics", "127.0.0.1:0", "--phare", "sandbox"], &[]);
    let watching = Caller::anonymous(server.metrics());
    for path in ["/", "/metrics/", "/v1/keys", "/healthz"] {
        assert_eq!(watching.get(path).await.status, 404, "{path}");
    }
    assert_eq!(
        watching.send(Method::POST, "/metrics", None).await.status,
        405
    );
    for other in [server.gateway(), server.management()] {
        assert_eq!(Caller::anonymous(other).get("/metrics").await.status, 401);
    }
    let world = World::new().await;
    assert_eq!(world.server.metrics(), "off", "unless it is asked for");
}
