//! What a person is told without having asked: by the window once, or by the system when the window may be hidden.

use std::path::Path;

use gardien_server::Service;
use notify_rust::Notification;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use ts_rs::TS;

use crate::error::Code;

/// Something that a person has to be told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Notice {
    #[ts(type = "string")]
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) remedy: String,
    /// The file or folder that it is about.
    pub(crate) path: Option<String>,
}

impl Notice {
    pub(crate) fn new(code: Code, message: impl Into<String>, path: Option<&Path>) -> Self {
        Self {
            code: code.as_str(),
            message: message.into(),
            remedy: code.remedy().to_owned(),
            path: path.map(|path| path.display().to_string()),
        }
    }
}

/// Tells the person whenever Phare begins to refuse a key that Gardien calls it with, until the service ends.
pub(crate) fn tell_of_refusals(service: &Service) {
    let mut refusals = service.refusals();
    tokio::spawn(async move {
        loop {
            match refusals.recv().await {
                Ok(name) => tell(name).await,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

async fn tell(name: String) {
    let body = format!(
        "Calls that need the key “{name}” are answered with 502 until it is replaced in Settings → Phare."
    );
    // It may wait for a service that is only now started.
    let shown = tokio::task::spawn_blocking(move || {
        Notification::new()
            .appname("Gardien")
            .summary("Phare refuses Gardien’s key")
            .body(&body)
            .show()
            .map(drop)
    });
    match shown.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the system shows no notification"),
        Err(error) => tracing::error!(%error, "showing a notification panicked"),
    }
}
