//! Projects as Phare has them, and how a request names one.

use std::collections::HashMap;

use crate::words::id;

id! {
    /// Phare's numeric project id.
    ProjectId(i64 as "number")
}

/// Gardien's copy of a project. Phare is the source of truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Phare's id.
    pub id: ProjectId,
    /// Made by Phare from the first name; stays when the name changes.
    pub slug: String,
    /// What people read.
    pub name: String,
    /// When Phare made it.
    pub created_at: jiff::Timestamp,
}

/// The projects that exist, found by id or slug.
#[derive(Debug, Clone, Default)]
pub struct ProjectDirectory {
    /// Nobody can choose ids so that they collide: they are Phare's.
    slugs: HashMap<ProjectId, String, foldhash::fast::FixedState>,
    ids: HashMap<String, ProjectId>,
}

impl ProjectDirectory {
    /// Adds a project, or takes its new slug.
    pub fn insert(&mut self, id: ProjectId, slug: impl Into<String>) {
        self.remove(id);
        let slug = slug.into();
        self.ids.insert(slug.clone(), id);
        self.slugs.insert(id, slug);
    }

    /// Forgets a project. Its keys are refused from then on.
    pub fn remove(&mut self, id: ProjectId) {
        if let Some(slug) = self.slugs.remove(&id) {
            // Unless another project has it by now: slugs can be swapped.
            if self.ids.get(&slug) == Some(&id) {
                self.ids.remove(&slug);
            }
        }
    }

    /// Whether a project with this id exists.
    #[must_use]
    pub fn contains(&self, id: ProjectId) -> bool {
        self.slugs.contains_key(&id)
    }

    /// The project with this slug.
    #[must_use]
    pub fn by_slug(&self, slug: &str) -> Option<ProjectId> {
        self.ids.get(slug).copied()
    }
}

/// One of the two headers that name a project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Named<T> {
    /// Not sent, or with nothing in it: that is how templates and clients send what they were not given.
    #[default]
    Absent,
    /// Sent twice, not text, or not a number where one is needed.
    Unreadable,
    /// Sent and understood.
    As(T),
}

/// What a request says about its project: the values of the two project headers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectSelection {
    /// `X-Phare-Project-Id`
    pub id: Named<ProjectId>,
    /// `X-Phare-Project-Slug`
    pub slug: Named<String>,
}

/// The header that names a project by id.
pub const PROJECT_ID_HEADER: &str = "X-Phare-Project-Id";
/// The header that names a project by slug.
pub const PROJECT_SLUG_HEADER: &str = "X-Phare-Project-Slug";

impl ProjectSelection {
    /// Reads the raw values of the two headers, as many as were sent of each.
    pub fn parse<'a>(
        ids: impl IntoIterator<Item = &'a [u8]>,
        slugs: impl IntoIterator<Item = &'a [u8]>,
    ) -> Self {
        Self {
            id: one(ids, parse_id),
            slug: one(slugs, parse_slug),
        }
    }
}

fn one<'a, T>(
    values: impl IntoIterator<Item = &'a [u8]>,
    parse: impl Fn(&str) -> Option<T>,
) -> Named<T> {
    let mut values = values
        .into_iter()
        .map(<[u8]>::trim_ascii)
        .filter(|value| !value.is_empty());
    match (values.next(), values.next()) {
        (None, _) => Named::Absent,
        (Some(_), Some(_)) => Named::Unreadable,
        (Some(value), None) => str::from_utf8(value)
            .ok()
            .and_then(&parse)
            .map_or(Named::Unreadable, Named::As),
    }
}

fn parse_id(text: &str) -> Option<ProjectId> {
    // Digits only: `parse` alone would take a sign, and "+1" is not how anyone writes an id.
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().map(ProjectId)
}

fn parse_slug(text: &str) -> Option<String> {
    let plain = text.len() <= 255
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    plain.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_header_names_no_project_wherever_it_stands() {
        let id = Named::As(ProjectId(7));
        let slug = || Named::As("shop".to_owned());
        for (ids, slugs, named) in [
            (&[][..], &[][..], (Named::Absent, Named::Absent)),
            (&[""], &[" \t"], (Named::Absent, Named::Absent)),
            (&["7"], &[""], (id.clone(), Named::Absent)),
            (&[""], &["shop"], (Named::Absent, slug())),
            (&["", " 7 ", ""], &["", "shop"], (id.clone(), slug())),
            (&["7", "7"], &[], (Named::Unreadable, Named::Absent)),
            (&["+7"], &["a b"], (Named::Unreadable, Named::Unreadable)),
            (
                &["\u{a0}"],
                &["\u{a0}"],
                (Named::Unreadable, Named::Unreadable),
            ),
        ] {
            let read = ProjectSelection::parse(
                ids.iter().map(|text| text.as_bytes()),
                slugs.iter().map(|text| text.as_bytes()),
            );
            assert_eq!((read.id, read.slug), named, "{ids:?} {slugs:?}");
        }
    }
}
