//! What a person does in the window, by clicking and typing.

use crate::support::desktop::{Desk, free_port};
use crate::support::people::{Answer, Caller};

pub const MONITORS: &str = "/uptime/monitors";
/// All toasts together.
pub const TOASTS: &str = "[role='status'][aria-live='polite']";

/// A key to be made, as the form asks for it.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    pub name: &'a str,
    /// The project that it works in; none for an organization key.
    pub project: Option<&'a str>,
    /// `none`, `read` or `read_write`.
    pub platform: &'a str,
    pub uptime: &'a str,
    pub keep: bool,
}

impl<'a> Form<'a> {
    /// A key of this project that may read what belongs to Uptime.
    pub fn reader(name: &'a str, project: &'a str) -> Self {
        Self {
            name,
            project: Some(project),
            platform: "none",
            uptime: "read",
            keep: true,
        }
    }

    /// An organization key that may do everything.
    pub fn everything(name: &'a str) -> Self {
        Self {
            name,
            project: None,
            platform: "read_write",
            uptime: "read_write",
            keep: true,
        }
    }
}

impl Desk {
    /// Founds the organization Lighthouse over the sandbox. Answers the gateway's address, which is a port that was free.
    pub async fn found(&self) -> String {
        self.wait_for("first-start").await;
        self.start_at(free_port()).await
    }

    /// The same, with the project Shop and a key of this name in it. Answers the address and the key's secret.
    pub async fn found_with_key(&self, name: &str) -> (String, String) {
        let gateway = self.found().await;
        self.make_project("Shop").await;
        self.keep_key(Form::reader(name, "Shop")).await;
        (gateway, self.copy(name).await)
    }

    /// The same over Phare, with its key.
    pub async fn found_over_phare(&self, key: &str) -> String {
        self.remember(key);
        self.click("upstream-phare").await;
        self.fill("phare-key", key).await;
        self.start_at(free_port()).await
    }

    async fn start_at(&self, port: u16) -> String {
        self.fill("organization", "Lighthouse").await;
        self.fill("email", "ada@lighthouse.test").await;
        self.fill("port", &port.to_string()).await;
        self.click("start").await;
        self.wait_for("page-keys").await;
        let address = format!("127.0.0.1:{port}");
        self.wait_text("gateway-pill", &address).await;
        format!("http://{address}")
    }

    /// Connects the window to a team's server, from the first start.
    pub async fn join(&self, url: &str, token: &str) {
        self.remember(token);
        self.click("tab-connect").await;
        self.fill("server-url", url).await;
        self.fill("session-token", token).await;
        self.click("connect").await;
        self.wait_for("page-keys").await;
    }

    /// Goes to a page.
    pub async fn go(&self, page: &str) {
        self.click(&format!("nav-{page}")).await;
        self.wait_for(&format!("page-{page}")).await;
    }

    /// Makes a project, and answers its id and slug.
    pub async fn make_project(&self, name: &str) -> (String, String) {
        self.go("projects").await;
        self.click("new-project").await;
        self.fill("project-name", name).await;
        self.click("save-project").await;
        self.wait_gone("project-dialog").await;
        let row = format!("[data-testid='project-row'][data-project-name='{name}']");
        let id = self.attribute(&row, "data-project-id").await;
        let slug = self.text(&format!("{row} td:nth-child(2)")).await;
        (id, slug)
    }

    /// Makes a key, and stays where its secret can be had.
    pub async fn make_key(&self, form: Form<'_>) {
        self.go("keys").await;
        self.click("new-key").await;
        self.fill_in(form).await;
        self.click("create-key").await;
        self.wait_for("fresh-sheet").await;
    }

    /// Fills in the form of a new key, which must be open.
    pub async fn fill_in(&self, form: Form<'_>) {
        self.fill("key-name", form.name).await;
        match form.project {
            None => self.click("scope-organization").await,
            Some(project) => {
                self.click("scope-project").await;
                let option =
                    format!("[data-testid='project-option'][data-project-name='{project}']");
                self.click(&option).await;
                self.wait_for(&format!("{option}[data-chosen='true']"))
                    .await;
            }
        }
        self.click(&format!("platform-{}", form.platform)).await;
        self.click(&format!("uptime-{}", form.uptime)).await;
        if !form.keep {
            self.untick("keep-secret").await;
        }
    }

    /// Makes a key that is kept, and goes back to the list.
    pub async fn keep_key(&self, form: Form<'_>) {
        self.make_key(form).await;
        self.wait_text("is-kept", "Kept in this computer’s keychain")
            .await;
        self.click("fresh-done").await;
        self.wait_gone("fresh-sheet").await;
        self.wait_for(&row(form.name)).await;
    }

    /// Copies the secret of a key from its row, and pastes it.
    pub async fn copy(&self, name: &str) -> String {
        self.copy_at(
            &in_row(name, "row-copy"),
            &format!("Copied the secret of “{name}”"),
        )
        .await
    }

    /// Copies the secret of a key that was made or rotated just now, and pastes it.
    pub async fn copy_fresh(&self, name: &str) -> String {
        self.copy_at("fresh-copy", &format!("Copied the secret of “{name}”"))
            .await
    }

    /// Presses what copies a secret, reads this in the toast, and pastes.
    pub async fn copy_at(&self, place: &str, words: &str) -> String {
        // So that what is pasted is what was copied just now.
        self.set_clipboard("nothing");
        self.wait_clipboard(|text| text == "nothing").await;
        self.click(place).await;
        self.paste_secret(words).await
    }

    /// Pastes a secret as soon as it was copied with these words.
    pub async fn paste_secret(&self, words: &str) -> String {
        self.wait_text(&toast("clipboard"), words).await;
        let secret = self.wait_clipboard(|text| text.starts_with("pha_")).await;
        self.remember(&secret);
        secret
    }

    /// Gives a key a new secret, while the old one works on for so many seconds. Copies the new one and pastes it.
    pub async fn rotate(&self, name: &str, grace: &str) -> String {
        self.click(&in_row(name, "row-menu")).await;
        self.click("rotate-key").await;
        self.click(&format!("grace-{grace}")).await;
        self.click("confirm-rotate").await;
        self.wait_text("fresh-sheet", "has a new secret").await;
        let secret = self.copy_fresh(name).await;
        self.click("fresh-done").await;
        self.wait_gone("fresh-sheet").await;
        secret
    }

    /// Lists revoked and expired keys among the others, which are out of the way after a reload.
    pub async fn show_dead(&self) {
        self.click("filter-dead").await;
        self.wait_for("[data-testid='filter-dead'][aria-pressed='true']")
            .await;
    }

    /// Revokes a key from its row.
    pub async fn revoke(&self, name: &str) {
        self.click(&in_row(name, "row-revoke")).await;
        self.wait_for(&format!("{}[data-status='revoked']", row(name)))
            .await;
    }
}

/// The row of a key.
pub fn row(name: &str) -> String {
    format!("[data-testid='key-row'][data-key-name='{name}']")
}

/// Something in the row of a key.
pub fn in_row(name: &str, testid: &str) -> String {
    format!("{} [data-testid='{testid}']", row(name))
}

/// The banner about this.
pub fn banner(code: &str) -> String {
    format!("[data-testid='banner'][data-code='{code}']")
}

/// The toast about this.
pub fn toast(topic: &str) -> String {
    format!("[data-testid='toast'][data-topic='{topic}']")
}

/// Something in that toast.
pub fn in_toast(topic: &str, testid: &str) -> String {
    format!("{} [data-testid='{testid}']", toast(topic))
}

/// What the monitors answer to this secret at this gateway.
pub async fn monitors(gateway: &str, secret: &str) -> Answer {
    Caller::with(gateway, secret).get(MONITORS).await
}
