//! How to use a key, ready to paste. The window shows the same texts with the masked secret.
//! None puts a secret into a command line, where other programs and the shell's history would see it.

use std::sync::Arc;

use gardien_authority::api::{DisclosedHow, KeyView};
use gardien_domain::{KeyId, ProductScope, ProjectId};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use ts_rs::TS;
use zeroize::Zeroizing;

use crate::app::App;
use crate::custody;
use crate::error::CommandError;

/// What the text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SecretForm {
    /// Lines of a `.env` file: the one form with the secret in it.
    Env,
    /// A call that asks for the secret.
    Curl,
    /// The provider block; the secret comes from the environment.
    Terraform,
    /// Commands that set a secret and a variable of a GitHub repository.
    Github,
}

impl SecretForm {
    /// Whether the secret itself is in the text. The others ask for it, or read it from the environment.
    pub(crate) const fn holds_secret(self) -> bool {
        matches!(self, Self::Env)
    }
}

/// A form of which key.
#[derive(Debug, Clone, Copy, Deserialize, TS)]
pub(crate) struct OfForm {
    id: KeyId,
    pub(crate) form: SecretForm,
    /// The project that an organization key is to work in; null for a project's key.
    project_id: Option<ProjectId>,
}

/// The text of a form as the window shows it.
pub(crate) async fn masked(app: &App, of: OfForm) -> Result<Zeroizing<String>, CommandError> {
    let (key, base) = around(app, of).await?;
    Ok(text(of.form, &key, &key.display, &base, of.project_id))
}

/// The text of a form with the key's secret, which is disclosed for it.
pub(crate) async fn with_secret(
    app: &Arc<App>,
    of: OfForm,
) -> Result<Zeroizing<String>, CommandError> {
    let (key, base) = around(app, of).await?;
    let secret = custody::disclose(app, of.id, DisclosedHow::Copied).await?;
    let secret = secret.expose_secret();
    Ok(text(of.form, &key, secret, &base, of.project_id))
}

async fn around(app: &App, of: OfForm) -> Result<(KeyView, String), CommandError> {
    let ready = app.ready()?;
    let key = ready.client.key(of.id).await?;
    Ok((key, app.gateway(&ready).base_url()))
}

/// The text of one form. `project` is what an organization key is to work in.
fn text(
    form: SecretForm,
    key: &KeyView,
    secret: &str,
    base: &str,
    project: Option<ProjectId>,
) -> Zeroizing<String> {
    let project = match key.scope.project() {
        None => Some(project.map_or_else(|| "…".to_owned(), |id| id.0.to_string())),
        Some(_) => None,
    };
    Zeroizing::new(match (form, project) {
        (SecretForm::Env, _) => format!("PHARE_API_KEY={secret}\nPHARE_BASE_URL={base}"),
        (SecretForm::Curl, project) => {
            let header = project
                .map(|id| format!("header = \"X-Phare-Project-Id: {id}\"\n"))
                .unwrap_or_default();
            let path = trial_path(key);
            format!(
                "printf 'Secret: ' && read -rs PHARE_API_KEY && curl --config - <<EOF\n\
                 url = \"{base}{path}\"\n\
                 header = \"Authorization: Bearer $PHARE_API_KEY\"\n\
                 {header}EOF"
            )
        }
        (SecretForm::Terraform, Some(id)) => format!(
            "# The provider reads the key from PHARE_API_KEY.\nprovider \"phare\" {{\n  \
             base_url      = \"{base}\"\n  project_scope = \"{id}\"\n}}"
        ),
        (SecretForm::Terraform, None) => format!(
            "# The provider reads the key from PHARE_API_KEY.\nprovider \"phare\" {{\n  base_url = \"{base}\"\n}}"
        ),
        (SecretForm::Github, _) => {
            format!("gh variable set PHARE_BASE_URL --body \"{base}\"\ngh secret set PHARE_API_KEY")
        }
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
            "expires_at": null, "revoked_at": null, "previous_valid_until": null, "earlier_valid_until": null,
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
            r#"printf 'Secret: ' && read -rs PHARE_API_KEY && curl --config - <<EOF
url = "http://127.0.0.1:7420/uptime/monitors"
header = "Authorization: Bearer $PHARE_API_KEY"
EOF"#
        );
        assert!(
            of(SecretForm::Curl, &project("none"))
                .contains("url = \"http://127.0.0.1:7420/users\"")
        );
        assert_eq!(
            of(SecretForm::Curl, &organization()),
            r#"printf 'Secret: ' && read -rs PHARE_API_KEY && curl --config - <<EOF
url = "http://127.0.0.1:7420/uptime/monitors"
header = "Authorization: Bearer $PHARE_API_KEY"
header = "X-Phare-Project-Id: 42"
EOF"#
        );
    }

    #[test]
    fn a_provider_block() {
        assert_eq!(
            of(SecretForm::Terraform, &project("read")),
            r#"# The provider reads the key from PHARE_API_KEY.
provider "phare" {
  base_url = "http://127.0.0.1:7420"
}"#
        );
        assert_eq!(
            of(SecretForm::Terraform, &organization()),
            r#"# The provider reads the key from PHARE_API_KEY.
provider "phare" {
  base_url      = "http://127.0.0.1:7420"
  project_scope = "42"
}"#
        );
        let undecided = text(SecretForm::Terraform, &organization(), "SECRET", BASE, None);
        assert!(undecided.contains("project_scope = \"…\""));
    }

    #[test]
    fn commands_for_a_repository() {
        assert_eq!(
            of(SecretForm::Github, &organization()),
            "gh variable set PHARE_BASE_URL --body \"http://127.0.0.1:7420\"\ngh secret set PHARE_API_KEY"
        );
    }

    #[test]
    fn no_command_holds_the_secret() {
        // The window tells by the masked secret whether a copy has the secret in it.
        assert!(of(SecretForm::Env, &organization()).contains("SECRET"));
        for form in [SecretForm::Curl, SecretForm::Terraform, SecretForm::Github] {
            assert!(!of(form, &organization()).contains("SECRET"), "{form:?}");
        }
    }
}
