//! A key of Phare's that a person attaches is called with by every server that has the sealing key.

use std::fs;

use serde_json::json;

use super::team::Team;
use crate::support::database::Database;
use crate::support::upstream::PHARE_KEY;

const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";

#[tokio::test]
async fn a_key_of_phares_that_is_attached_at_one_server_is_called_with_by_all() {
    let mut team = Team::with(&[("GARDIEN_SEALING_KEY", OLD)], Database::new(), 2).await;
    for server in team.gateways.iter().chain([&team.management]) {
        server.remember(PHARE_KEY);
    }
    let attached = json!({ "name": "Main", "key": PHARE_KEY, "purpose": "attached" });
    team.owner
        .post("/v1/phare-keys", attached)
        .await
        .expect(201);
    let key = team.issue().await;
    for gateway in &team.gateways {
        gateway.key_holder(&key.secret).until_granted().await;
    }
    let bearer = format!("Bearer {PHARE_KEY}");
    for call in team.upstream.calls() {
        assert_eq!(call.header("authorization"), Some(&*bearer));
    }

    // Nobody who has the new one only can open it, until it is sealed anew.
    let reseal = |keys: &str| {
        let variables = [("GARDIEN_SEALING_KEY", keys)];
        team.management.run(&["reseal"], &variables)
    };
    let (ended, said) = reseal(NEW);
    assert!(
        !ended.success() && said.contains("none of the sealing keys opens"),
        "{said}"
    );
    let (ended, said) = reseal(&format!("{NEW}\n{OLD}"));
    assert!(ended.success(), "{said}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sealing-key");
    fs::write(&file, NEW).unwrap();
    team.gateways[0].terminate();
    team.gateways[0].restart_with(&["--sealing-key-file", file.to_str().unwrap()]);
    let holder = team.gateways[0].key_holder(&key.secret);
    holder.until_granted().await;
}
