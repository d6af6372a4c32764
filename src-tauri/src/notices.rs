//! What a person is told without having asked: by the window once, or by the system when the window may be hidden.

use std::path::Path;

use gardien_server::Service;
use notify_rust::Notification;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use ts_rs::TS;

use crate::error::{Code, CommandError};

/// Something that a person has to be told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Notice {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) remedy: String,
    /// The file or folder that it is about.
    pub(crate) path: Option<String>,
}

impl Notice {
    pub(crate) fn new(code: Code, message: impl Into<String>, path: Option<&Path>) -> Self {
        Self {
            code: code.as_str().to_owned(),
            message: message.into(),
            remedy: code.remedy().to_owned(),
            path: path.map(|path| path.display().to_string()),
        }
    }

    /// What went wrong behind, and what does not happen because of it.
    pub(crate) fn of(error: CommandError, summary: &str) -> Self {
        Self {
            code: error.code.to_owned(),
            message: format!("{summary} {}", error.message),
            remedy: error.remedy.to_owned(),
            path: None,
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

/// Tells the person that calls wait or are refused at an organization's limit, and which key has how many of them.
pub(crate) async fn tell_of_the_limit(organization: &str, most: Option<(String, u32)>) {
    let who = most.map_or_else(String::new, |(name, calls)| {
        format!("The key “{name}” has {calls} calls in this minute. ")
    });
    let summary = format!("{organization} has reached its limit of calls a minute");
    let body = format!("{who}Settings → Shared limit shows who has what of it, and what helps.");
    show(summary, body).await;
}

async fn tell(name: String) {
    let body = format!(
        "Calls that need the key “{name}” are answered with 502 until it is replaced in Settings → Phare."
    );
    show("Phare refuses Gardien’s key".to_owned(), body).await;
}

async fn show(summary: String, body: String) {
    // It may wait for a service that is only now started.
    let shown = tokio::task::spawn_blocking(move || {
        Notification::new()
            .appname("Gardien")
            .summary(&summary)
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
