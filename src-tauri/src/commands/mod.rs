//! The commands of the window: unpack, call, convert. The bodies below know nothing of Tauri; the adapters that Tauri
//! calls are made here from the one list.

use std::sync::Arc;

use gardien_authority::api::{
    AuditPage, AuditQuery, AuditVerification, GatewayView, KeyQuery, KeyView, LimitsView,
    MemberView, OperationView, OrganizationPatch, OrganizationView, PhareKeyView, ProjectName,
    ProjectView, WhatIfQuery, WhatIfView,
};
use tauri::ipc::{Channel, Invoke};
use tauri::{State, Wry};

use crate::app::App;
use crate::error::CommandError;
use crate::forms::OfForm;
use crate::fresh::{FreshKey, UndoneReplacement};
use crate::listener::WindowEvent;
use crate::pasted::Pasted;
use crate::status::AppStatus;
use crate::trial::Trial;
use homes::{Connect, SwitchHome};
use keys::{
    CreateKey, KeyDetail, KeyList, OfKey, PastedText, Replacement, RotateKey, TryKey, UpdateKey,
};
use leaving::Leave;
use phare::{AttachPhareKey, NewPhareKey, OfPhareKey, RenamePhareKey, StagePhareKey};
use projects::{OfProject, RenameProject};
use secrets::{Copied, CopyText};
use settings::Preferences;
use status::FirstStart;

#[macro_use]
mod list;

mod activity;
#[cfg(test)]
mod bindings;
mod homes;
mod keys;
mod leaving;
mod organization;
mod phare;
mod projects;
mod secrets;
mod settings;
mod status;

/// Makes of each line of the list the function that Tauri calls.
macro_rules! adapters {
    ($($module:ident { $($name:ident($($args:ident: $type:ty)?) => $result:ty;)* })*) => {$($(
        #[tauri::command]
        async fn $name(app: State<'_, Arc<App>>, $($args: $type)?) -> Result<$result, CommandError> {
            let answer = $module::$name(app.inner() $(, $args)?).await;
            answer.inspect_err(|error| {
                tracing::info!(command = stringify!($name), code = error.code, message = error.message, "refused");
            })
        }
    )*)*};
}
each_command!(adapters);

/// Pushes to the page from here on. How things are comes first.
#[tauri::command]
async fn watch(
    app: State<'_, Arc<App>>,
    channel: Channel<WindowEvent>,
) -> Result<(), CommandError> {
    app.listener
        .listen(move |event| channel.send(event).is_ok());
    app.changed();
    Ok(())
}

macro_rules! generate_handler {
    ($($module:ident { $($name:ident($($args:ident: $type:ty)?) => $result:ty;)* })*) => {
        tauri::generate_handler![$($($name,)*)* watch]
    };
}

/// What answers the window.
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    each_command!(generate_handler)
}
