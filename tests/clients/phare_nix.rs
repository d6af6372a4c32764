//! The NixOS module: pSub/phare-nix, tools/sync_with_phare.py and module/default.nix. Python's requests with the token as
//! it stands in a file and no project header; the module asks for read and write access to Uptime. It reads the first
//! page of monitors by name and `paused`, then creates, updates, resumes and pauses, looking at no status: what it did
//! shows in the next list.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Client, Library, shop_key};
use crate::support::world::{World, new_key, organization};

const MONITORS: &str = "/uptime/monitors";

/// The tool over one token.
struct Sync(Client);

impl Sync {
    async fn new(world: &World) -> Self {
        let key = shop_key(world, "none", "read_write").await;
        Self(Client::new(Library::Requests, world, &key))
    }

    async fn list(&self) -> Vec<Value> {
        let listed = self.0.get(MONITORS).await.expect(200);
        listed["data"].as_array().unwrap().clone()
    }

    /// `sync-monitors`: what is declared is made or changed and runs, all else is paused.
    async fn sync(&self, declared: &[Value]) {
        let known = self.list().await;
        let json = self.0.clone().with("Content-Type", "application/json");
        for monitor in declared {
            let called = |found: &&Value| found["name"] == monitor["name"];
            let Some(found) = known.iter().find(called) else {
                json.post_json(MONITORS, monitor).await.expect(201);
                continue;
            };
            let path = format!("{MONITORS}/{}", found["id"]);
            if found["paused"] == true {
                self.0.post(&format!("{path}/resume")).await.expect(204);
            }
            json.post_json(&path, monitor).await.expect(200);
        }
        for gone in &known {
            if !declared
                .iter()
                .any(|monitor| monitor["name"] == gone["name"])
            {
                self.act(gone, "pause").await;
            }
        }
    }

    async fn act(&self, monitor: &Value, action: &str) {
        let path = format!("{MONITORS}/{}/{action}", monitor["id"]);
        self.0.post(&path).await.expect(204);
    }
}

/// Monitors as the module writes them: fields of older times with them, and nothing where nothing is set.
fn declared() -> [Value; 2] {
    let common = json!({
        "alert_policy_id": 1234,
        "project_id": null,
        "interval": 60,
        "timeout": 7000,
        "incident_confirmations": 2,
        "recovery_confirmations": 2,
        "regions": ["eu-deu-fra", "eu-swe-arn"],
    });
    let with = |name: &str, protocol: &str, request: Value| {
        let mut monitor = common.clone();
        monitor["name"] = json!(name);
        monitor["protocol"] = json!(protocol);
        monitor["request"] = request;
        monitor
    };
    [
        with(
            "shop.example",
            "http",
            json!({ "method": "GET", "url": "https://shop.example", "keyword": null }),
        ),
        with(
            "ssh",
            "tcp",
            json!({ "host": "shop.example", "port": "22", "connection": "plain" }),
        ),
    ]
}

/// What the tool compares of a monitor to see whether it must be updated, of fields that the API still has.
fn same(monitor: &Value, declared: &Value) -> bool {
    let fields = declared.as_object().unwrap().iter();
    let mut fields = fields
        .filter(|(name, _)| !["alert_policy_id", "project_id", "request"].contains(&name.as_str()));
    let requested = declared["request"].as_object().unwrap().iter();
    let mut requested = requested.filter(|(name, _)| *name != "keyword");
    fields.all(|(name, value)| monitor[name] == *value)
        && requested.all(|(name, value)| monitor["request"][name] == *value)
}

#[tokio::test]
async fn what_is_declared_runs_and_all_else_is_paused() {
    let world = World::new().await;
    let tool = Sync::new(&world).await;
    let [shop, ssh] = declared();

    tool.sync(&[shop.clone(), ssh.clone()]).await;
    let made = tool.list().await;
    assert!(same(&made[0], &shop), "{:#}", made[0]);
    assert!(same(&made[1], &ssh), "{:#}", made[1]);
    assert!(made.iter().all(|monitor| monitor["paused"] == false));

    tool.sync(std::slice::from_ref(&shop)).await;
    let paused = |monitors: Vec<Value>| -> Vec<Value> {
        monitors
            .into_iter()
            .map(|monitor| monitor["paused"].clone())
            .collect()
    };
    assert_eq!(paused(tool.list().await), [json!(false), json!(true)]);
    // What is paused already is paused again on every run.
    tool.sync(std::slice::from_ref(&shop)).await;
    assert_eq!(paused(tool.list().await), [json!(false), json!(true)]);

    let mut slower = ssh.clone();
    slower["interval"] = json!(300);
    tool.sync(&[shop.clone(), slower.clone()]).await;
    let resumed = tool.list().await;
    assert_eq!(resumed.len(), 2);
    let mut unchanged = made[0].clone();
    unchanged["updated_at"] = resumed[0]["updated_at"].clone();
    assert_eq!(resumed[0], unchanged, "an update that changes nothing");
    assert!(same(&resumed[1], &slower), "{:#}", resumed[1]);
    assert_eq!(paused(resumed), [json!(false), json!(false)]);
}

/// `pause-all-monitors` and `resume-all-monitors` call five at a time.
#[tokio::test]
async fn all_monitors_pause_and_resume_at_once() {
    let world = World::new().await;
    let tool = Sync::new(&world).await;
    let monitors: Vec<Value> = (0..5)
        .map(|number| {
            let [mut monitor, _] = declared();
            monitor["name"] = json!(format!("shop {number}"));
            monitor
        })
        .collect();
    tool.sync(&monitors).await;
    for (action, paused) in [("pause", true), ("resume", false)] {
        let listed = tool.list().await;
        join_all(listed.iter().map(|monitor| tool.act(monitor, action))).await;
        let listed = tool.list().await;
        assert_eq!(listed.len(), 5);
        assert!(listed.iter().all(|monitor| monitor["paused"] == paused));
    }
}

#[tokio::test]
async fn it_names_no_project() {
    let world = World::new().await;
    let key = new_key("Nix", organization(), "none", "read_write");
    let tool = Client::new(Library::Requests, &world, &world.issue(key).await);
    tool.get(MONITORS).await.expect_project_missing();
}
