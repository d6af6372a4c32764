//! What a request to Phare's API asks for.

use crate::product::{Access, Product};
use crate::words::words;

words! {
    /// The HTTP methods that Phare's API uses.
    Method { Get = "GET", Post = "POST", Delete = "DELETE" }
}

words! {
    /// Whether an organization key must name a project for an operation.
    ProjectHeader { Required = "required", Optional = "optional", NotUsed = "not-used" }
}

/// One operation of Phare's API. The 48 are listed in the `phare` crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// Phare's operation id.
    pub id: &'static str,
    /// Method.
    pub method: Method,
    /// Path with `{parameter}` segments.
    pub path: &'static str,
    /// The product whose permission it needs.
    pub product: Product,
    /// Whether it needs a project named.
    pub project_header: ProjectHeader,
    /// What it concerns, such as `Monitors`.
    pub group: &'static str,
    /// What it does, such as `Delete a monitor`.
    pub summary: &'static str,
    /// The same of a call under way, such as `deleting a monitor`.
    pub doing: &'static str,
}

impl Operation {
    /// Read for GET, write for everything else.
    #[must_use]
    pub const fn access(&self) -> Access {
        match self.method {
            Method::Get => Access::Read,
            Method::Post | Method::Delete => Access::Write,
        }
    }

    /// Whether it lists projects.
    #[must_use]
    pub fn lists_projects(&self) -> bool {
        self.path == "/projects" && self.access() == Access::Read
    }

    /// Whether it creates, changes or removes a project: for organization keys only.
    #[must_use]
    pub fn manages_projects(&self) -> bool {
        self.path.starts_with("/projects") && self.access() == Access::Write
    }
}
