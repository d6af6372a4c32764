//! Phare's own keys: attached, staged, kept. Their secrets come in once, go to the keychain, and never go back to the
//! window.

use std::sync::Arc;

use gardien_authority::Fault;
use gardien_authority::actor::Actor;
use gardien_authority::api::PhareKeyView;
use gardien_domain::phare_key::Purpose;
use gardien_domain::{MemberId, PhareKeyId, PhareSecret};
use gardien_phare::PhareFault;
use gardien_server::{AttachFault, Service, Upstream};
use gardien_vault::VaultFault;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use ts_rs::TS;

use super::secrets::{self, Copied};
use super::status::{self, AppStatus};
use crate::app::{App, phare_secret};
use crate::compose;
use crate::error::{Code, CommandError};
use crate::home::Local;
use crate::preferences::UpstreamKind;

/// What the key of the first start is called until somebody says otherwise.
const FIRST_NAME: &str = "Phare";

/// A key of Phare's to be kept.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct NewPhareKey {
    name: String,
    #[ts(type = "string")]
    key: SecretString,
}

/// A key of Phare's to be attached.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct AttachPhareKey {
    name: String,
    #[ts(type = "string")]
    key: SecretString,
    /// Whether the sandbox may be left for it, and the keys made for the sandbox revoked.
    leave_sandbox: bool,
}

/// The secret that is to take the place of the one in use.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct StagePhareKey {
    id: PhareKeyId,
    #[ts(type = "string")]
    key: SecretString,
}

/// One key of Phare's, by its id.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct OfPhareKey {
    id: PhareKeyId,
}

/// Which key of Phare's gets which name.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct RenamePhareKey {
    id: PhareKeyId,
    name: String,
}

pub(crate) async fn list_phare_keys(app: &Arc<App>) -> Result<Vec<PhareKeyView>, CommandError> {
    Ok(app.ready()?.client.phare_keys().await?)
}

/// Calls Phare with one more key. What it can do is found out first; a key that Phare refuses is not taken.
pub(crate) async fn attach_phare_key(
    app: &Arc<App>,
    args: AttachPhareKey,
) -> Result<AppStatus, CommandError> {
    let _moving = app.moving.lock().await;
    let here = Here::of(app)?;
    let (key, described) = examine(app, &here.service, args.key).await?;
    // Before anything is left for it.
    let authority = here.service.authority();
    authority
        .check_phare_secret(&args.name, &described, Purpose::Attached)
        .await?;
    if !here.service.has_phare() {
        here.go_to_phare(app, args.leave_sandbox).await?;
    }
    here.attach(&args.name, &key, &described).await?;
    here.keep(app, &described, key).await;
    here.now_forwards_to(app, UpstreamKind::Phare)?;
    Ok(status::describe(app).await)
}

/// Leaves Phare for the sandbox. The keys made for Phare are revoked.
pub(crate) async fn use_sandbox(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    let _moving = app.moving.lock().await;
    let here = Here::of(app)?;
    let leaving = here.service.authority().attached_phare_secrets().await?;
    match compose::attach(&here.service, Upstream::Sandbox).await {
        Err(error) if error.is(Code::OtherUpstream) => {
            here.move_to(app, Upstream::Sandbox, UpstreamKind::Sandbox)
                .await?;
        }
        attached => attached?,
    }
    for id in leaving {
        app.keeper.forget(&phare_secret(here.owner, id)).await;
    }
    here.service.adopt_upstream().await?;
    here.now_forwards_to(app, UpstreamKind::Sandbox)?;
    Ok(status::describe(app).await)
}

/// Takes a key of Phare's into keeping, for people to copy. Nothing is called with it but to find out what it can do.
pub(crate) async fn keep_phare_key(
    app: &Arc<App>,
    args: NewPhareKey,
) -> Result<PhareKeyView, CommandError> {
    let _moving = app.moving.lock().await;
    let here = Here::of(app)?;
    let (key, described) = examine(app, &here.service, args.key).await?;
    let actor = here.actor().await?;
    let added = here
        .service
        .authority()
        .add_phare_key(
            actor.manage_phare_keys()?,
            &args.name,
            Purpose::Kept,
            described.clone(),
        )
        .await?;
    here.keep(app, &described, key).await;
    Ok(added)
}

/// Puts a secret beside the one in use, to be tested and switched to.
pub(crate) async fn stage_phare_key(
    app: &Arc<App>,
    args: StagePhareKey,
) -> Result<PhareKeyView, CommandError> {
    let _moving = app.moving.lock().await;
    let here = Here::of(app)?;
    let (key, described) = examine(app, &here.service, args.key).await?;
    let former = here.key(args.id).await?.next;
    let staged = here
        .service
        .stage_phare_secret(here.owner, args.id, described.clone(), key.clone())
        .await?;
    here.keep(app, &described, key).await;
    here.forget(app, former).await;
    Ok(staged)
}

/// Finds out anew what a key can do.
pub(crate) async fn examine_phare_key(
    app: &Arc<App>,
    args: OfPhareKey,
) -> Result<PhareKeyView, CommandError> {
    let ready = app.ready()?;
    let Ok(here) = Here::of(app) else {
        return Ok(ready.client.examine_phare_key(args.id).await?);
    };
    let known = here.key(args.id).await?;
    if known.purpose == Purpose::Attached {
        return Ok(ready.client.examine_phare_key(args.id).await?);
    }
    // A kept one is in the keychain and nowhere else.
    let id = known.current.id;
    let secret = app.keeper.get(&phare_secret(here.owner, id)).await?;
    let found = here.service.examine_phare_secret(&app.phare, &secret).await;
    let refused = match found.map_err(CommandError::from) {
        Ok(described) => {
            let findings = described.findings.ok_or_else(gone)?;
            let by = &ready.session.member.email;
            let authority = here.service.authority();
            authority
                .examined_phare_secret(by, &id, Ok(findings))
                .await?;
            false
        }
        Err(error) if error.is(Code::UpstreamRefused) => true,
        Err(error) => return Err(error),
    };
    if refused {
        here.service.authority().phare_refuses(&id, true).await?;
    }
    here.key(args.id).await
}

/// Lets the two secrets of a key change places.
pub(crate) async fn switch_phare_key(
    app: &Arc<App>,
    args: OfPhareKey,
) -> Result<PhareKeyView, CommandError> {
    let _moving = app.moving.lock().await;
    Ok(app.ready()?.client.switch_phare_key(args.id).await?)
}

/// Empties the slot beside the secret in use.
pub(crate) async fn unstage_phare_key(
    app: &Arc<App>,
    args: OfPhareKey,
) -> Result<PhareKeyView, CommandError> {
    let _moving = app.moving.lock().await;
    let here = Here::of(app)?;
    let former = here.key(args.id).await?.next;
    let actor = here.actor().await?;
    let unstaged = here
        .service
        .authority()
        .unstage_phare_secret(actor.manage_phare_keys()?, args.id)
        .await?;
    here.forget(app, former).await;
    Ok(unstaged)
}

pub(crate) async fn rename_phare_key(
    app: &Arc<App>,
    args: RenamePhareKey,
) -> Result<PhareKeyView, CommandError> {
    let here = Here::of(app)?;
    let actor = here.actor().await?;
    Ok(here
        .service
        .authority()
        .rename_phare_key(actor.manage_phare_keys()?, args.id, &args.name)
        .await?)
}

/// Detaches a key, or keeps it no longer. Its secrets leave this computer.
pub(crate) async fn remove_phare_key(
    app: &Arc<App>,
    args: OfPhareKey,
) -> Result<AppStatus, CommandError> {
    let _moving = app.moving.lock().await;
    let here = Here::of(app)?;
    let known = here.key(args.id).await?;
    let actor = here.actor().await?;
    here.service
        .authority()
        .remove_phare_key(actor.manage_phare_keys()?, args.id)
        .await?;
    here.forget(app, std::iter::once(known.current).chain(known.next))
        .await;
    Ok(status::describe(app).await)
}

/// Copies the secret of a kept key.
pub(crate) async fn copy_phare_key(
    app: &Arc<App>,
    args: OfPhareKey,
) -> Result<Copied, CommandError> {
    let here = Here::of(app)?;
    let known = here.key(args.id).await?;
    if known.purpose != Purpose::Kept {
        // Whoever could copy it could go past the gateway, and past every rule of it.
        let message = "The key that Gardien calls Phare with stays in the keychain.";
        return Err(CommandError::new(Code::Forbidden, message));
    }
    let item = phare_secret(here.owner, known.current.id);
    let secret = app.keeper.get(&item).await.map_err(|fault| match fault {
        VaultFault::NotFound => CommandError::new(
            Code::SecretNotKept,
            "This computer’s keychain no longer holds this key.",
        ),
        fault => fault.into(),
    })?;
    secrets::copy(app, &secret).await
}

/// Opens Phare's own panel in the browser: the only place where its keys are made and revoked.
pub(crate) async fn open_phare_panel(_: &Arc<App>) -> Result<(), CommandError> {
    open::that_detached(gardien_phare::PANEL_URL).map_err(|error| {
        tracing::warn!(%error, "the browser cannot be opened");
        let message = format!(
            "No browser could be opened. Go to {}.",
            gardien_phare::PANEL_URL
        );
        CommandError::new(Code::BrowserUnavailable, message)
    })
}

/// The key that the first start is given, which nobody owns yet.
pub(crate) struct FirstKey {
    key: SecretString,
    described: PhareSecret,
}

impl FirstKey {
    /// Nothing is kept; whatever speaks against the key speaks now, before anything is founded.
    pub(crate) async fn examine(
        app: &App,
        service: &Service,
        key: SecretString,
    ) -> Result<Self, CommandError> {
        let (key, described) = examine(app, service, key).await?;
        let authority = service.authority();
        authority
            .check_phare_secret(FIRST_NAME, &described, Purpose::Attached)
            .await?;
        let (url, secrets) = (app.phare.clone(), Vec::new());
        compose::attach(service, Upstream::Phare { url, secrets }).await?;
        Ok(Self { key, described })
    }

    pub(crate) async fn attach(
        self,
        app: &App,
        service: &Service,
        owner: MemberId,
    ) -> Result<(), CommandError> {
        let here = Here {
            service: service.clone(),
            owner,
        };
        here.attach(FIRST_NAME, &self.key, &self.described).await?;
        here.keep(app, &self.described, self.key).await;
        // The first thing that a person sees are the projects. If that fails, they are read again behind.
        if let Err(fault) = service.synchronize().await {
            tracing::warn!(%fault, "projects cannot be read yet");
        }
        Ok(())
    }
}

async fn examine(
    app: &App,
    service: &Service,
    key: SecretString,
) -> Result<(SecretString, PhareSecret), CommandError> {
    let key = SecretString::from(key.expose_secret().trim());
    if key.expose_secret().is_empty() {
        return Err(CommandError::field("key", "Paste a key of Phare’s."));
    }
    let found = service.examine_phare_secret(&app.phare, &key).await;
    match found {
        Ok(described) => Ok((key, described)),
        Err(AttachFault::Authority(Fault::Phare(PhareFault::KeyRefused))) => {
            let message = "Phare refuses this key.";
            Err(CommandError::new(Code::UpstreamRefused, message).at("key", message))
        }
        Err(fault) => Err(status::beside_the_key(fault.into())),
    }
}

fn gone() -> CommandError {
    CommandError::new(Code::NotFound, "There is no such Phare key.")
}

/// The authority on this computer, and who asks it: a team's server holds its keys of Phare's itself.
struct Here {
    service: Service,
    owner: MemberId,
}

impl Here {
    fn of(app: &App) -> Result<Self, CommandError> {
        if let Some(local) = app.local()
            && app.ready()?.is_here()
        {
            let Local { service, owner, .. } = local;
            return Ok(Self { service, owner });
        }
        let message = "Phare’s keys of a team are changed where its server runs.";
        Err(CommandError::new(Code::Forbidden, message))
    }

    async fn actor(&self) -> Result<Actor, Fault> {
        self.service.authority().actor(self.owner).await
    }

    async fn key(&self, id: PhareKeyId) -> Result<PhareKeyView, CommandError> {
        let actor = self.actor().await?;
        let keys = self
            .service
            .authority()
            .phare_keys(actor.manage_phare_keys()?)
            .await?;
        keys.into_iter().find(|key| key.id == id).ok_or_else(gone)
    }

    async fn attach(
        &self,
        name: &str,
        key: &SecretString,
        described: &PhareSecret,
    ) -> Result<PhareKeyView, CommandError> {
        Ok(self
            .service
            .attach_phare_key(self.owner, name, described.clone(), key.clone())
            .await?)
    }

    /// Puts Phare behind the gateway, with the keys that are attached already. From the sandbox only if the person
    /// agreed to that.
    async fn go_to_phare(&self, app: &App, leave_sandbox: bool) -> Result<(), CommandError> {
        let upstream = compose::phare(app, &self.service, self.owner).await?;
        match compose::attach(&self.service, upstream.clone()).await {
            Err(error) if error.is(Code::OtherUpstream) && leave_sandbox => {
                self.move_to(app, upstream, UpstreamKind::Phare).await
            }
            attached => attached,
        }
    }

    /// A move that fails half-way leaves nothing behind the gateway. *Retry* then attaches what the preferences say.
    async fn move_to(
        &self,
        app: &App,
        upstream: Upstream,
        kind: UpstreamKind,
    ) -> Result<(), CommandError> {
        let moved = self.service.move_to(self.owner, upstream).await;
        match moved {
            Ok(()) => app.preferences.change(|saved| saved.upstream = kind),
            Err(fault) => {
                self.forwards_to(app, UpstreamKind::None);
                Err(fault.into())
            }
        }
    }

    /// Where the keychain does not take it, it is kept for this run, and a banner says so.
    async fn keep(&self, app: &App, described: &PhareSecret, key: SecretString) {
        let item = phare_secret(self.owner, described.id);
        if let Err(fault) = app.keeper.keep(&item, key).await {
            tracing::warn!(%fault, "a key of Phare's is kept for this run only");
        }
    }

    async fn forget(&self, app: &App, secrets: impl IntoIterator<Item = PhareSecret>) {
        for secret in secrets {
            app.keeper
                .forget(&phare_secret(self.owner, secret.id))
                .await;
        }
    }

    fn now_forwards_to(&self, app: &App, kind: UpstreamKind) -> Result<(), CommandError> {
        self.forwards_to(app, kind);
        app.preferences.change(|saved| saved.upstream = kind)
    }

    fn forwards_to(&self, app: &App, kind: UpstreamKind) {
        app.change_local(|local| local.upstream = kind);
    }
}
