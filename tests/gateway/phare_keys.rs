//! Several keys of Phare's behind one gateway. The Phare is a Gardien of its own: it has keys of both scopes, with
//! product scopes, and refuses as Phare does.

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::{any, get};
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::people::Caller;
use crate::support::server::Server;
use crate::support::upstream::{Upstream, answer};
use crate::support::world::{Issued, World, new_key, organization};

/// A Gardien that calls `phare` with these keys.
struct Before {
    server: Server,
    owner: Caller,
}

impl Before {
    fn start(phare: &World, keys: &[&Issued]) -> Self {
        let secrets: Vec<&str> = keys.iter().map(|key| key.secret.as_str()).collect();
        let server = Server::start_with(
            &["--phare", phare.server.gateway()],
            &[("PHARE_API_KEY", &secrets.join("\n"))],
        );
        for secret in secrets {
            server.remember(secret);
        }
        let owner = server.member("owner@lighthouse.test", "owner");
        Self { server, owner }
    }

    /// What is known of the key with this secret, once it was examined.
    async fn examined(&self, key: &Issued) -> Value {
        self.wait(&shown(key), |current| !current["findings"].is_null())
            .await
    }

    async fn wait(&self, display: &str, until: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let keys = self.owner.get("/v1/phare-keys").await.expect(200);
            let rows = keys["data"].as_array().unwrap();
            let row = rows.iter().find(|row| row["current"]["display"] == display);
            let row = row.unwrap_or_else(|| panic!("{display}: {keys:#}"));
            if until(&row["current"]) {
                return row.clone();
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{row:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The holder of an organization key that may do everything.
    async fn holder(&self) -> Caller {
        let key = new_key("Everything", organization(), "read_write", "read_write");
        let answer = self.owner.post("/v1/keys", key).await.expect(201);
        let secret = answer["secret"].as_str().unwrap();
        self.server.remember(secret);
        self.server.key_holder(secret)
    }
}

/// A secret as Gardien shows those of Phare, whose form it does not know.
fn shown(key: &Issued) -> String {
    let secret = &key.secret;
    format!("{}…{}", &secret[..16], &secret[secret.len() - 4..])
}

async fn used(phare: &World, key: &Issued) -> String {
    // Last uses are written every three seconds.
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    let key = phare.owner.get(&key.path("")).await.expect(200);
    key["last_operation"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn what_a_key_can_do_is_found_without_changing_anything() {
    let phare = World::new().await.unlimited().await;
    let mut keys = Vec::new();
    for (platform, uptime) in [
        ("read_write", "read_write"),
        ("read", "none"),
        ("read", "read_write"),
    ] {
        keys.push((new_key("Organization", organization(), platform, uptime), 2));
        keys.push((new_key("Project", phare.shop.scope(), platform, uptime), 1));
    }
    let mut issued = Vec::new();
    for (key, projects) in keys {
        issued.push((phare.issue(key).await, projects));
    }
    let given: Vec<&Issued> = issued.iter().map(|(key, _)| key).collect();
    let gardien = Before::start(&phare, &given);
    for (key, projects) in &issued {
        let known = gardien.examined(key).await;
        assert_eq!(known["purpose"], "attached");
        assert_eq!(known["current"]["kind"], key.key["scope"]["type"]);
        let found = &known["current"]["findings"];
        for product in ["platform", "uptime"] {
            assert_eq!(found[product], key.key["products"][product], "{known:#}");
        }
        assert_eq!(found["projects"].as_array().unwrap().len(), *projects);
        let calls = found["calls"].as_array().unwrap();
        let writes = calls
            .iter()
            .filter(|call| call["request"].as_str().unwrap().starts_with("POST"));
        assert!(writes.clone().count() == 2 && calls.len() <= 5, "{found:#}");
        for write in writes {
            assert!(
                [403, 422].contains(&write["status"].as_u64().unwrap()),
                "{found:#}"
            );
        }
    }
    let projects = phare.owner.get("/v1/projects").await.expect(200);
    assert_eq!(projects["data"].as_array().unwrap().len(), 2);
    let everything = phare.organization_key().await;
    for project in [&phare.shop, &phare.blog] {
        let holder = phare.holder_in(&everything, project);
        for path in ["/uptime/monitors", "/alert-rules"] {
            assert_eq!(
                holder.get(path).await.expect(200)["data"],
                json!([]),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn each_call_goes_out_with_the_narrowest_key_that_can_serve_it() {
    let phare = World::new().await.unlimited().await;
    let all = phare.organization_key().await;
    let shop = phare
        .issue(new_key("Shop", phare.shop.scope(), "read", "read"))
        .await;
    let gardien = Before::start(&phare, &[&all, &shop]);
    for key in [&all, &shop] {
        gardien.examined(key).await;
    }
    let holder = gardien.holder().await;
    let in_project = |project: &crate::support::world::Project| {
        holder
            .clone()
            .header("x-phare-project-id", &project.id.to_string())
    };
    in_project(&phare.shop)
        .get("/uptime/incidents")
        .await
        .expect(200);
    in_project(&phare.blog)
        .get("/uptime/status-pages")
        .await
        .expect(200);
    assert_eq!(used(&phare, &shop).await, "getUptimeIncidents");
    assert_eq!(used(&phare, &all).await, "getUptimeStatusPages");
    // The narrow one cannot write, so the wide one does.
    let monitor = json!({
        "name": "Front page", "protocol": "tcp", "regions": ["eu-deu-fra"],
        "request": { "host": "example.com", "port": "443", "connection": "plain" },
    });
    let made = in_project(&phare.shop)
        .post("/uptime/monitors", monitor)
        .await;
    assert!(
        [201, 422].contains(&made.status.as_u16()),
        "{:#}",
        made.body
    );
    assert_eq!(used(&phare, &all).await, "createUptimeMonitor");
    assert_eq!(used(&phare, &shop).await, "getUptimeIncidents");
}

#[tokio::test]
async fn keys_of_single_projects_serve_theirs_and_nothing_else() {
    let phare = World::new().await.unlimited().await;
    let mut keys = Vec::new();
    for project in [&phare.shop, &phare.blog] {
        let key = new_key(&project.slug, project.scope(), "read", "read_write");
        keys.push(phare.issue(key).await);
    }
    let gardien = Before::start(&phare, &[&keys[0], &keys[1]]);
    for key in &keys {
        gardien.examined(key).await;
    }
    // Which projects there are is known once the keys are.
    let projects = gardien
        .owner
        .post("/v1/projects/synchronize", json!({}))
        .await;
    assert_eq!(projects.expect(200)["data"].as_array().unwrap().len(), 2);
    let holder = gardien.holder().await;
    for project in [&phare.shop, &phare.blog] {
        let here = holder.clone().header("x-phare-project-slug", &project.slug);
        here.get("/uptime/monitors").await.expect(200);
    }
    for path in ["/projects", "/users"] {
        holder.get(path).await.refusal(503, "upstream_key_missing");
    }
    // Without the key of a project nothing reaches it: the other one would answer for the wrong project.
    drop(gardien);
    let gardien = Before::start(&phare, &[&keys[0]]);
    gardien.examined(&keys[0]).await;
    gardien
        .owner
        .post("/v1/projects/synchronize", json!({}))
        .await
        .expect(200);
    let holder = gardien.holder().await;
    let blog = holder.header("x-phare-project-id", &phare.blog.id.to_string());
    blog.get("/uptime/monitors")
        .await
        .refusal(403, "project_unknown");
}

#[tokio::test]
async fn a_key_that_phare_refuses_is_our_fault_and_is_told() {
    let phare = World::new().await.unlimited().await;
    let key = phare.organization_key().await;
    let display = &shown(&key);
    let gardien = Before::start(&phare, &[&key]);
    gardien.examined(&key).await;
    let holder = gardien.holder().await;
    holder.get("/projects").await.expect(200);

    phare.revoke(&key).await;
    holder
        .get("/projects")
        .await
        .refusal(502, "upstream_key_refused");
    let known = gardien
        .wait(display, |current| !current["refused_at"].is_null())
        .await;
    let id = known["id"].as_str().unwrap();
    let entries = gardien
        .owner
        .get(&format!("/v1/audit?subject={id}"))
        .await
        .expect(200);
    assert_eq!(
        entries["data"][0]["action"], "phare_key.refused",
        "{entries:#}"
    );
    // Looking again says the same, and is no error.
    let examine = format!("/v1/phare-keys/{id}/examine");
    let again = gardien.owner.post(&examine, json!({})).await.expect(200);
    assert!(!again["current"]["refused_at"].is_null(), "{again:#}");
    gardien
        .owner
        .post(&format!("/v1/phare-keys/{id}/switch"), json!({}))
        .await
        .problem(409, "no_next_key");

    let restored = phare.owner.post(&key.path("/restore"), json!({})).await;
    restored.expect(200);
    holder.get("/projects").await.expect(200);
    gardien
        .wait(display, |current| current["refused_at"].is_null())
        .await;
}

#[tokio::test]
async fn what_is_known_of_a_key_outlives_a_restart_and_another_key_takes_its_place() {
    let phare = World::new().await.unlimited().await;
    let key = phare.organization_key().await;
    let mut gardien = Before::start(&phare, &[&key]);
    let known = gardien.examined(&key).await;
    gardien.server.kill9();
    gardien.server.restart();
    gardien.owner = gardien.owner.at(gardien.server.management());
    assert_eq!(gardien.examined(&key).await, known);
}

/// Whether Phare lets a project's key list projects is not known.
#[tokio::test]
async fn a_project_key_that_may_not_list_projects_is_known_by_what_it_reads() {
    let forbidden = || {
        let message = json!({ "message": "This action is unauthorized." });
        (StatusCode::FORBIDDEN, answer(&message))
    };
    let monitors =
        || answer(&json!({ "data": [{ "id": 1, "project_id": 7 }], "meta": {}, "links": {} }));
    let upstream = Upstream::without_projects(
        Router::new()
            .route("/projects", any(async move || forbidden()))
            .route("/uptime/monitors", get(async move || monitors())),
    );
    let server = Server::start_with(
        &["--phare", &upstream.url()],
        &[("PHARE_API_KEY", "pha_prj_TheKeyOfOneProjectOnly")],
    );
    let owner = server.member("owner@lighthouse.test", "owner");
    let gardien = Before { server, owner };
    gardien
        .wait("pha_prj_TheK…Only", |current| {
            !current["findings"].is_null()
        })
        .await;
    let synchronized = gardien
        .owner
        .post("/v1/projects/synchronize", json!({}))
        .await;
    let projects = synchronized.expect(200);
    assert_eq!(projects["data"][0]["id"], 7, "{projects:#}");
    let holder = gardien.holder().await.header("x-phare-project-id", "7");
    holder.get("/uptime/monitors").await.expect(200);
    // Its project is the one that was asked for, so Phare need not be told.
    let seen = upstream.calls().pop().unwrap();
    assert_eq!(seen.header("x-phare-project-id"), None);
}

#[tokio::test]
async fn a_member_sees_nothing_of_phares_keys() {
    let phare = World::new().await;
    let key = phare.organization_key().await;
    let gardien = Before::start(&phare, &[&key]);
    let member = gardien.server.member("member@lighthouse.test", "member");
    member.get("/v1/phare-keys").await.problem(403, "forbidden");
    let known = gardien.examined(&key).await;
    let path = format!("/v1/phare-keys/{}", known["id"].as_str().unwrap());
    for action in ["examine", "switch", "stage", "unstage"] {
        let asked = member.post(&format!("{path}/{action}"), json!({})).await;
        asked.problem(403, "forbidden");
    }
    let new = json!({ "name": "Mine", "key": key.secret, "purpose": "attached" });
    let added = member.post("/v1/phare-keys", new).await;
    added.problem(403, "forbidden");
    let renamed = member.patch(&path, json!({ "name": "Mine" })).await;
    renamed.problem(403, "forbidden");
    member.delete(&path).await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_key_is_attached_replaced_and_detached_over_the_api_and_its_secret_never_comes_back() {
    let phare = World::new().await.unlimited().await;
    let first = phare.organization_key().await;
    let shop = phare
        .issue(new_key("Shop", phare.shop.scope(), "read", "read"))
        .await;
    let next = phare
        .issue(new_key("Next", phare.shop.scope(), "read", "read"))
        .await;
    let mut gardien = Before::start(&phare, &[&first]);
    for key in [&shop, &next] {
        gardien.server.remember(&key.secret);
    }
    gardien.examined(&first).await;
    let owner = gardien.owner.clone();
    let holder = gardien
        .holder()
        .await
        .header("x-phare-project-id", &phare.shop.id.to_string());
    let silent = |answer: &Value| {
        let text = answer.to_string();
        assert!(!text.contains(&shop.secret) && !text.contains(&next.secret));
    };

    // What Phare refuses, or what is no request, is not taken, and nothing of it is said.
    let refused =
        json!({ "name": "No", "key": "pha_org_NobodyEverMadeThisOne", "purpose": "attached" });
    let refused = owner.post("/v1/phare-keys", refused).await;
    refused.problem(422, "invalid");
    let odd = json!({ "name": "Odd", "key": [shop.secret], "purpose": "attached" });
    let odd = owner.post("/v1/phare-keys", odd).await;
    silent(&odd.body);
    odd.problem(400, "malformed");

    let new =
        json!({ "name": "Shop", "key": format!(" {}\n", shop.secret), "purpose": "attached" });
    let added = owner.post("/v1/phare-keys", new).await;
    assert_eq!(added.headers["cache-control"], "no-store");
    let added = added.expect(201);
    silent(&added);
    let path = format!("/v1/phare-keys/{}", added["id"].as_str().unwrap());
    holder.get("/uptime/incidents").await.expect(200);
    assert_eq!(used(&phare, &shop).await, "getUptimeIncidents");

    let staged = json!({ "key": next.secret });
    let staged = owner.post(&format!("{path}/stage"), staged).await;
    silent(&staged.expect(200));
    let act = async |action: &str| {
        let asked = owner.post(&format!("{path}/{action}"), json!({})).await;
        asked.expect(200)
    };
    let switched = act("switch").await;
    assert_eq!(switched["current"]["display"], shown(&next));
    holder.get("/uptime/monitors").await.expect(200);
    assert_eq!(used(&phare, &next).await, "getUptimeMonitors");
    let renamed = owner.patch(&path, json!({ "name": "Shop, new" })).await;
    assert_eq!(renamed.expect(200)["name"], "Shop, new");
    assert_eq!(act("unstage").await["next"], Value::Null);
    owner.delete(&path).await.expect(204);
    // Whoever can do more serves its project now.
    holder.get("/uptime/status-pages").await.expect(200);
    assert_eq!(used(&phare, &first).await, "getUptimeStatusPages");

    // What it is given while it runs lies in memory only.
    let again = json!({ "name": "Shop", "key": shop.secret, "purpose": "attached" });
    owner.post("/v1/phare-keys", again).await.expect(201);
    assert_eq!(gardien.server.leaks(), [""; 0]);
    gardien.server.kill9();
    gardien.server.restart();
    let owner = gardien.owner.at(gardien.server.management());
    let keys = owner.get("/v1/phare-keys").await.expect(200);
    assert_eq!(keys["data"].as_array().unwrap().len(), 1, "{keys:#}");
}

#[tokio::test]
async fn a_server_of_the_sandbox_attaches_no_key_of_phares() {
    let phare = World::new().await;
    let key = phare.organization_key().await;
    let new =
        json!({ "name": "Main", "key": key.secret, "purpose": "attached", "leave_sandbox": true });
    let refused = phare.owner.post("/v1/phare-keys", new).await;
    refused.problem(409, "other_upstream");
}

#[tokio::test]
async fn a_403_for_want_of_a_permission_of_phares_key_is_told_apart_where_it_was_known() {
    let phare = World::new().await.unlimited().await;
    let reads = phare
        .issue(new_key("Reads", organization(), "read", "read"))
        .await;
    let gardien = Before::start(&phare, &[&reads]);
    gardien.examined(&reads).await;
    let holder = gardien
        .holder()
        .await
        .header("x-phare-project-id", &phare.shop.id.to_string());
    holder.get("/uptime/monitors").await.expect(200);
    let told = holder.post("/uptime/monitors", json!({})).await;
    let told = told.refusal(403, "upstream_key_forbidden");
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("uptime:write"), "{message}");

    // The caller's own want of a permission is the caller's, whatever Phare's key may do.
    let narrow = new_key("Narrow", organization(), "none", "read");
    let made = gardien.owner.post("/v1/keys", narrow).await.expect(201);
    let secret = made["secret"].as_str().unwrap();
    gardien.server.remember(secret);
    let narrow = gardien.server.key_holder(secret);
    let told = narrow.post("/uptime/monitors", json!({})).await;
    told.refusal(403, "");

    // What Phare's key may do by now, it does: the last word is Phare's.
    let products = json!({ "products": { "platform": "read", "uptime": "read_write" } });
    phare
        .owner
        .patch(&reads.path(""), products)
        .await
        .expect(200);
    let made = holder.post("/uptime/monitors", json!({})).await;
    made.expect(422);

    // A refusal that was not foreseen is Phare's own, and passes as it came.
    let products = json!({ "products": { "platform": "read", "uptime": "none" } });
    phare
        .owner
        .patch(&reads.path(""), products)
        .await
        .expect(200);
    let told = holder.get("/uptime/monitors").await.refusal(403, "");
    let message = told["message"].as_str().unwrap();
    assert!(
        message.starts_with("The uptime:read permission"),
        "{message}"
    );
}
