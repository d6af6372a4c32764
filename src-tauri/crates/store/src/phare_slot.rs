//! A slot of a Phare key as JSON in its column. The names here are the file's for good, whatever the API calls things.

use gardien_domain::phare_key::{ExaminingCall, Findings, SeenProject};
use gardien_domain::{PhareSecret, PhareSecretId, ProductScope, ProjectId, ScopeKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
struct StoredSlot {
    id: Uuid,
    display: String,
    kind: ScopeKind,
    added_at: Timestamp,
    findings: Option<StoredFindings>,
    refused_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct StoredFindings {
    at: Timestamp,
    platform: Option<ProductScope>,
    uptime: Option<ProductScope>,
    projects: Vec<StoredProject>,
    calls: Vec<StoredCall>,
}

#[derive(Serialize, Deserialize)]
struct StoredProject {
    id: i64,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct StoredCall {
    request: String,
    status: u16,
}

/// What the column holds.
pub(crate) fn write(secret: &PhareSecret) -> serde_json::Result<String> {
    let secret = secret.clone();
    serde_json::to_string(&StoredSlot {
        id: secret.id.0,
        display: secret.display,
        kind: secret.kind,
        added_at: secret.added_at,
        findings: secret.findings.map(|found| StoredFindings {
            at: found.at,
            platform: found.platform,
            uptime: found.uptime,
            projects: Vec::from_iter(found.projects.into_iter().map(|project| StoredProject {
                id: project.id.0,
                name: project.name,
            })),
            calls: Vec::from_iter(found.calls.into_iter().map(|call| StoredCall {
                request: call.request,
                status: call.status,
            })),
        }),
        refused_at: secret.refused_at,
    })
}

/// What `write` wrote.
pub(crate) fn read(text: &str) -> serde_json::Result<PhareSecret> {
    let slot: StoredSlot = serde_json::from_str(text)?;
    Ok(PhareSecret {
        id: PhareSecretId(slot.id),
        display: slot.display,
        kind: slot.kind,
        added_at: slot.added_at,
        findings: slot.findings.map(|found| Findings {
            at: found.at,
            platform: found.platform,
            uptime: found.uptime,
            projects: Vec::from_iter(found.projects.into_iter().map(|project| SeenProject {
                id: ProjectId(project.id),
                name: project.name,
            })),
            calls: Vec::from_iter(found.calls.into_iter().map(|call| ExaminingCall {
                request: call.request,
                status: call.status,
            })),
        }),
        refused_at: slot.refused_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_read_and_written_as_it_lies_in_the_files_of_before() {
        let text = concat!(
            r#"{"id":"0198f6a0-0000-7000-8000-000000000001","display":"pha_org_abcd…wxyz","kind":"organization","#,
            r#""added_at":"2026-01-02T03:04:05Z","findings":{"at":"2026-01-03T00:00:00Z","platform":"read","#,
            r#""uptime":"read_write","projects":[{"id":7,"name":"Harbour"}],"#,
            r#""calls":[{"request":"GET /projects","status":200}]},"refused_at":null}"#,
        );
        assert_eq!(write(&read(text).unwrap()).unwrap(), text);
    }
}
