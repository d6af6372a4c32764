//! The commands of the window: unpack, call, convert. The bodies below know nothing of Tauri; the adapters that Tauri
//! calls are made here from the one list.

use std::sync::Arc;

use gardien_authority::api::{
    AuditPage, AuditQuery, AuditVerification, KeyQuery, KeyView, LimitsView, MemberView,
    OperationView, OrganizationPatch, OrganizationView, PhareKeyView, ProjectName, ProjectView,
};
use tauri::ipc::Invoke;
use tauri::{State, Wry};

use crate::app::App;
use crate::error::CommandError;
use keys::{CreateKey, FreshKey, KeyDetail, KeyList, OfKey, RotateKey, UpdateKey};
use phare::{AttachPhareKey, NewPhareKey, OfPhareKey, RenamePhareKey, StagePhareKey};
use projects::{OfProject, RenameProject};
use secrets::{Copied, CopyForm, CopyText};
use settings::Preferences;
use status::{AppStatus, Connect, FirstStart};

#[macro_use]
mod list;

mod activity;
#[cfg(test)]
mod bindings;
mod keys;
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

macro_rules! generate_handler {
    ($($module:ident { $($name:ident($($args:ident: $type:ty)?) => $result:ty;)* })*) => {
        tauri::generate_handler![$($($name,)*)*]
    };
}

/// What answers the window.
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    each_command!(generate_handler)
}
