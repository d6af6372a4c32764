//! The secret of a key, copied here in the app; the window gets it only when a person asks to see it.

use std::sync::Arc;
use std::time::Duration;

use gardien_authority::api::DisclosedHow;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::keys::OfKey;
use crate::app::App;
use crate::custody;
use crate::error::CommandError;
use crate::forms::{self, OfForm};

/// For how long the secret stays on the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Copied {
    #[ts(type = "number")]
    clears_in_seconds: u64,
}

impl From<Duration> for Copied {
    fn from(stay: Duration) -> Self {
        Self {
            clears_in_seconds: stay.as_secs(),
        }
    }
}

/// A text that is no secret.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct CopyText {
    text: String,
}

pub(crate) async fn copy_secret(app: &Arc<App>, args: OfKey) -> Result<Copied, CommandError> {
    let secret = custody::disclose(app, args.id, DisclosedHow::Copied).await?;
    Ok(custody::copy(app, &secret).await?.into())
}

/// The text that `copy_form` copies, with the masked secret in place of the secret.
pub(crate) async fn form_text(app: &Arc<App>, args: OfForm) -> Result<String, CommandError> {
    Ok(forms::masked(app, args).await?.to_string())
}

/// Null where the text holds no secret: it stays then, and nothing was disclosed.
pub(crate) async fn copy_form(
    app: &Arc<App>,
    args: OfForm,
) -> Result<Option<Copied>, CommandError> {
    if !args.form.holds_secret() {
        let text = forms::masked(app, args).await?;
        app.clipboard.copy(text.to_string()).await?;
        return Ok(None);
    }
    let text = forms::with_secret(app, args).await?;
    Ok(Some(app.clipboard.copy_secret(text).await?.into()))
}

pub(crate) async fn reveal_secret(app: &Arc<App>, args: OfKey) -> Result<String, CommandError> {
    let secret = custody::disclose(app, args.id, DisclosedHow::Revealed).await?;
    Ok(secret.expose_secret().to_owned())
}

pub(crate) async fn forget_fresh(app: &Arc<App>) -> Result<(), CommandError> {
    app.forget_fresh();
    Ok(())
}

pub(crate) async fn copy_text(app: &Arc<App>, args: CopyText) -> Result<(), CommandError> {
    app.clipboard.copy(args.text).await
}
