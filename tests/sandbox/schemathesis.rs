//! The specification held against the sandbox behind the gateway by a program that knows neither: Schemathesis makes
//! requests from it, good ones and bad ones, alone and in chains, and judges every answer.
//!
//! `GARDIEN_SCHEMATHESIS_SECONDS` lets it search for so long each time it is started, shows it at work, and leaves the
//! seed to chance, unless `GARDIEN_TEST_SEED` sets it.

mod document;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use gardien_phare::OPERATIONS;
use serde_json::Value;

use super::records::Records;
use crate::support::world::{Issued, World, new_key};
use crate::support::{programs, turn};

/// The statuses that each operation was answered with.
type Seen = BTreeMap<String, BTreeSet<u64>>;

#[tokio::test]
async fn every_operation_answers_as_the_specification_says() {
    let _turn = turn::heavy().await;
    let stage = Stage::set().await;
    let key = stage.world.organization_key().await;
    let project = format!("X-Phare-Project-Id: {}", stage.world.shop.id);
    let document = document::without_project_headers(&stage.records);
    let run = stage.run(&key, &document, &["--header", &project]);
    let mut seen = run.phases("examples,coverage,fuzzing", "--max-examples=25");
    // Chains are drawn until the time is over; asked for a number of them it ends after a few.
    for (label, statuses) in run.phases("stateful", "--max-time=15") {
        seen.entry(label).or_default().extend(statuses);
    }
    for operation in OPERATIONS {
        let label = format!("{} {}", operation.method, operation.path);
        assert!(succeeded(&seen, &label), "{label}: {:?}", seen.get(&label));
    }
}

#[tokio::test]
async fn rule_2_a_project_key_is_answered_as_the_specification_says() {
    let _turn = turn::heavy().await;
    let stage = Stage::set().await;
    let scope = stage.world.shop.scope();
    let key = new_key("Shop", scope, "read_write", "read_write");
    let key = stage.world.issue(key).await;
    let document = document::without_project_headers(&stage.records);
    let seen = stage
        .run(&key, &document, &[])
        .phases("examples,fuzzing,stateful", "--max-examples=10");
    for operation in OPERATIONS {
        let label = format!("{} {}", operation.method, operation.path);
        let statuses = &seen[&label];
        if operation.manages_projects() {
            assert!(statuses.contains(&403), "{label}: {statuses:?}");
            assert!(!succeeded(&seen, &label), "{label}: {statuses:?}");
        } else {
            assert!(!statuses.is_subset(&[401, 403].into()), "{label}");
        }
    }
}

#[tokio::test]
async fn rule_3_any_project_headers_are_answered_as_the_specification_says() {
    let _turn = turn::heavy().await;
    let stage = Stage::set().await;
    let key = stage.world.organization_key().await;
    let document = document::with_project_headers(&stage.records, &stage.world.shop);
    let seen = stage
        .run(&key, &document, &[])
        .phases("coverage,fuzzing", "--max-examples=5");
    let statuses = &seen["GET /uptime/monitors"];
    assert!(
        statuses.is_superset(&[200, 403, 422].into()),
        "{statuses:?}"
    );
}

fn succeeded(seen: &Seen, label: &str) -> bool {
    let mut statuses = seen.get(label).into_iter().flatten();
    statuses.any(|status| (200..300).contains(status))
}

/// What the runs stand on: a server with one record of every kind.
struct Stage {
    world: World,
    records: Records,
}

impl Stage {
    async fn set() -> Self {
        let world = World::new().await.unlimited().await;
        let key = world.organization_key().await;
        let records = Records::make(&world.holder_in(&key, &world.shop), "first").await;
        Self { world, records }
    }

    /// A run that sends this key, takes its requests from this document and has these arguments.
    fn run(&self, key: &Issued, document: &Value, arguments: &[&str]) -> Run {
        let folder = tempfile::Builder::new()
            .prefix("gardien-schemathesis-")
            .tempdir()
            .unwrap();
        for (name, text) in [
            ("openapi.json", document.to_string().as_str()),
            (
                "schemathesis.toml",
                include_str!("schemathesis/schemathesis.toml"),
            ),
            ("hooks.py", include_str!("schemathesis/hooks.py")),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let kept = format!(
            "deleteProject={} deleteUptimeMonitor={} deleteUptimeStatusPage={}",
            self.world.shop.id, self.records.monitor, self.records.page
        );
        Run {
            gateway: self.world.server.gateway().to_owned(),
            key: key.secret.clone(),
            kept,
            arguments: arguments.iter().map(|&text| text.to_owned()).collect(),
            folder,
        }
    }
}

/// How Schemathesis is run, in a folder of its own.
struct Run {
    gateway: String,
    key: String,
    kept: String,
    arguments: Vec<String>,
    folder: tempfile::TempDir,
}

impl Run {
    /// Runs these phases, and insists that all of their checks hold. `effort` is for the run that is part of every test.
    fn phases(&self, phases: &str, effort: &str) -> Seen {
        let seconds = env::var("GARDIEN_SCHEMATHESIS_SECONDS").ok();
        let long = seconds.is_some();
        let effort = seconds.map_or(effort.to_owned(), |seconds| format!("--max-time={seconds}"));
        // Without one it throws its own, and tells which.
        let seed = env::var("GARDIEN_TEST_SEED").ok();
        let seed = seed.or_else(|| (!long).then(|| "20260310".to_owned()));
        let said = self.folder.path().join("said");
        let mut command = Command::new(programs::schemathesis());
        command
            .args(["run", "openapi.json", "--url", &self.gateway])
            .args(["--phases", phases, &effort])
            .args(seed.map(|seed| format!("--seed={seed}")))
            .args(["--report", "ndjson", "--report-ndjson-path", "report"])
            .args(&self.arguments)
            .current_dir(self.folder.path())
            .env("GARDIEN_KEY", &self.key)
            .env("GARDIEN_KEPT", &self.kept)
            // No proxy before the gateway.
            .env("NO_PROXY", "*")
            .stdin(Stdio::null());
        if !long {
            command
                .stdout(File::create(&said).unwrap())
                .stderr(File::options().append(true).open(&said).unwrap());
        }
        let status = command.status().unwrap();
        let said = fs::read_to_string(said).unwrap_or_default();
        assert!(status.success(), "{phases}: {status}\n{said}");
        seen(&self.folder.path().join("report"))
    }
}

/// What a report tells: a line for each event, those of finished scenarios with all that was sent and answered.
fn seen(report: &Path) -> Seen {
    let mut seen = Seen::new();
    for line in BufReader::new(File::open(report).unwrap()).lines() {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let recorded = &event["ScenarioFinished"]["recorder"];
        for (id, interaction) in recorded["interactions"].as_object().into_iter().flatten() {
            let sent = &recorded["cases"][id]["value"];
            if let (Some(method), Some(path)) = (sent["method"].as_str(), sent["path"].as_str())
                && let Some(status) = interaction["response"]["status_code"].as_u64()
            {
                let statuses = seen.entry(format!("{method} {path}")).or_default();
                statuses.insert(status);
            }
        }
    }
    seen
}
