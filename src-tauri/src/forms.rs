//! How to use a key, ready to paste. The window shows the same texts with the masked secret (`features/keys/forms.ts`).

use gardien_authority::api::KeyView;
use gardien_domain::{ProductScope, ProjectId};
use serde::Deserialize;
use ts_rs::TS;
use zeroize::Zeroizing;

/// What the text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SecretForm {
    /// Lines of a `.env` file.
    Env,
    Curl,
    /// The provider block.
    Terraform,
    /// Commands that set a secret and a variable of a GitHub repository.
    Github,
}

/// The text of one form. `project` is the example that an organization key needs.
pub(crate) fn text(
    form: SecretForm,
    key: &KeyView,
    secret: &str,
    base: &str,
    project: Option<ProjectId>,
) -> Zeroizing<String> {
    let example = match key.scope.project() {
        None => Some(project.map_or(1, |id| id.0)),
        Some(_) => None,
    };
    Zeroizing::new(match (form, example) {
        (SecretForm::Env, _) => format!("PHARE_API_KEY={secret}\nPHARE_BASE_URL={base}"),
        (SecretForm::Curl, example) => {
            let header = example
                .map(|id| format!(" \\\n  -H \"X-Phare-Project-Id: {id}\""))
                .unwrap_or_default();
            let path = trial_path(key);
            format!("curl {base}{path} \\\n  -H \"Authorization: Bearer {secret}\"{header}")
        }
        (SecretForm::Terraform, Some(id)) => format!(
            "provider \"phare\" {{\n  api_key       = \"{secret}\"\n  base_url      = \"{base}\"\n  project_scope = \"{id}\"\n}}"
        ),
        (SecretForm::Terraform, None) => {
            format!("provider \"phare\" {{\n  api_key  = \"{secret}\"\n  base_url = \"{base}\"\n}}")
        }
        (SecretForm::Github, _) => format!(
            "gh secret set PHARE_API_KEY --body \"{secret}\"\ngh variable set PHARE_BASE_URL --body \"{base}\""
        ),
    })
}

/// A call that this key may make, to try it with.
fn trial_path(key: &KeyView) -> &'static str {
    if key.products.uptime == ProductScope::None {
        "/users"
    } else {
        "/uptime/monitors"
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BASE: &str = "http://127.0.0.1:7420";

    fn key(scope: serde_json::Value, uptime: &str) -> KeyView {
        serde_json::from_value(json!({
            "id": "00000000-0000-0000-0000-000000000001",
            "name": "k", "note": "", "scope": scope, "project_name": null,
            "products": { "platform": "read", "uptime": uptime },
            "status": "active", "display": "pha_…", "created_at": "2026-01-01T00:00:00Z", "created_by": "a@b",
            "expires_at": null, "revoked_at": null, "previous_valid_until": null,
            "last_used_at": null, "last_operation": null,
        }))
        .unwrap()
    }

    fn organization() -> KeyView {
        key(json!({ "type": "organization" }), "read")
    }

    fn project(uptime: &str) -> KeyView {
        key(json!({ "type": "project", "project_id": 7 }), uptime)
    }

    fn of(form: SecretForm, key: &KeyView) -> String {
        text(form, key, "SECRET", BASE, Some(ProjectId(42))).to_string()
    }

    #[test]
    fn environment_lines() {
        let expected = "PHARE_API_KEY=SECRET\nPHARE_BASE_URL=http://127.0.0.1:7420";
        assert_eq!(of(SecretForm::Env, &project("read")), expected);
        assert_eq!(of(SecretForm::Env, &organization()), expected);
    }

    #[test]
    fn a_call_that_the_key_may_make() {
        assert_eq!(
            of(SecretForm::Curl, &project("read")),
            "curl http://127.0.0.1:7420/uptime/monitors \\\n  -H \"Authorization: Bearer SECRET\""
        );
        assert_eq!(
            of(SecretForm::Curl, &project("none")),
            "curl http://127.0.0.1:7420/users \\\n  -H \"Authorization: Bearer SECRET\""
        );
        assert_eq!(
            of(SecretForm::Curl, &organization()),
            "curl http://127.0.0.1:7420/uptime/monitors \\\n  -H \"Authorization: Bearer SECRET\" \\\n  \
             -H \"X-Phare-Project-Id: 42\""
        );
    }

    #[test]
    fn a_provider_block() {
        assert_eq!(
            of(SecretForm::Terraform, &project("read")),
            "provider \"phare\" {\n  api_key  = \"SECRET\"\n  base_url = \"http://127.0.0.1:7420\"\n}"
        );
        assert_eq!(
            of(SecretForm::Terraform, &organization()),
            "provider \"phare\" {\n  api_key       = \"SECRET\"\n  base_url      = \"http://127.0.0.1:7420\"\n  \
             project_scope = \"42\"\n}"
        );
        let without_projects = text(SecretForm::Terraform, &organization(), "SECRET", BASE, None);
        assert!(without_projects.contains("project_scope = \"1\""));
    }

    #[test]
    fn commands_for_a_repository() {
        assert_eq!(
            of(SecretForm::Github, &organization()),
            "gh secret set PHARE_API_KEY --body \"SECRET\"\n\
             gh variable set PHARE_BASE_URL --body \"http://127.0.0.1:7420\""
        );
    }
}
