//! Where a key works: everywhere, or in one project.

use crate::project::ProjectId;
use crate::secret::SecretKind;

/// The scope of a key. Fixed at its creation: a wider key is a new key.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scope {
    /// Every project; may manage projects; names a project by header.
    Organization {},
    /// One project; no header needed.
    Project {
        /// The project it works in.
        project_id: ProjectId,
    },
}

impl Scope {
    /// The one project this scope is bound to.
    #[must_use]
    pub const fn project(self) -> Option<ProjectId> {
        match self {
            Self::Organization {} => None,
            Self::Project { project_id } => Some(project_id),
        }
    }

    /// The form of secret that a key of this scope carries.
    #[must_use]
    pub const fn secret_kind(self) -> SecretKind {
        match self {
            Self::Organization {} => SecretKind::Organization,
            Self::Project { .. } => SecretKind::Project,
        }
    }
}
