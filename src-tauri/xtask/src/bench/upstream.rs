//! What every contestant forwards to: an nginx that answers from its configuration, fast enough never to be waited for.

use std::io;
use std::path::Path;
use std::process::Command;

use super::cores::pinned;
use super::nginx;

/// What is called.
pub(super) const PATH: &str = "/uptime/monitors";
/// The secret that contestants call it with. It lets everybody in.
pub(super) const SECRET: &str = "pha_org_TheUpstreamOfTheBenchmarkLetsAnybodyInWithIt";
/// Words of its answer.
pub(super) const WORDS: &str = "Landing page";

const MONITORS: &str = r#"{"data":[{"id":4711,"project_id":1,"name":"Landing page","status":"online","protocol":"http","paused":false,"request":{"method":"GET","url":"https://www.example.com","tls_skip_verify":false,"follow_redirects":true},"interval":60,"timeout":7000,"incident_confirmations":3,"recovery_confirmations":3,"regions":["eu-deu-fra","na-usa-iad"],"created_at":"2026-03-10T00:10:46+00:00","updated_at":"2026-03-10T00:10:46+00:00"}],"links":{"first":"https://api.phare.io/uptime/monitors?page=1","last":null,"prev":null,"next":null},"meta":{"current_page":1,"from":1,"path":"https://api.phare.io/uptime/monitors","per_page":100,"to":1}}"#;
/// What Gardien reads at its start: the project of the keys, ...
const PROJECTS: &str = r#"{"data":[{"id":1,"slug":"shop","name":"Shop","members":[1],"settings":{},"created_at":"2026-03-10T00:10:46+00:00","updated_at":"2026-03-10T00:10:46+00:00"}],"links":{"first":"https://api.phare.io/projects?page=1","last":null,"prev":null,"next":null},"meta":{"current_page":1,"from":1,"path":"https://api.phare.io/projects","per_page":100,"to":1}}"#;
/// ... and that nothing can be made of nothing.
const NOTHING: &str =
    r#"{"message":"The name field is required","errors":{"name":["The name field is required"]}}"#;

/// One on this port and these cores.
///
/// # Errors
/// When its configuration cannot be written.
pub(super) fn command(folder: &Path, cores: &str, port: u16) -> io::Result<Command> {
    let servers = format!(
        "access_log off;
         server {{
             listen 127.0.0.1:{port} backlog=4096;
             default_type application/json;
             if ($request_method = POST) {{ return 422 '{NOTHING}'; }}
             location = /projects {{ return 200 '{PROJECTS}'; }}
             location / {{ return 200 '{MONITORS}'; }}
         }}"
    );
    nginx::configured(folder, pinned(cores), 1, &servers)
}
