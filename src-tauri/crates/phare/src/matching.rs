//! Which operation a request names. A path is taken literally or not at all: nothing is normalized, so that
//! the path that is authorized is the path that is sent.

use std::sync::LazyLock;

use gardien_domain::{Method, Operation, ProjectId};

use crate::operations::OPERATIONS;

/// The operation a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matched {
    /// The operation.
    pub operation: &'static Operation,
    /// The project that the path itself names (`/projects/{projectId}`).
    pub path_project: Option<ProjectId>,
}

/// Why a path names no operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// Two servers could read it differently: two slashes in a row, or one at the end.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// Two servers could read it differently: dot segments, escapes, backslashes.
    #[error("the path holds characters that no path of Phare's has")]
    OddCharacter,
    /// Operations have this path, and none of them this method.
    #[error("no such method here")]
    OtherMethod,
    /// No operation has this path.
    #[error("no such operation")]
    Unknown,
}

/// Finds the operation for a method and a raw path (without query).
///
/// # Errors
/// [`PathFault`]; what can be read in two ways before what is unknown.
pub fn match_request(method: &http::Method, path: &str) -> Result<Matched, PathFault> {
    let segments = segments(path)?;
    let method = method.as_str().parse().ok();
    let is_asked = |template: &&Template| Some(template.operation.method) == method;
    let mut found = templates(&segments).filter(is_asked);
    found
        .find_map(|template| template.matches(&segments))
        .ok_or_else(|| match at(&segments).next() {
            Some(_) => PathFault::OtherMethod,
            None => PathFault::Unknown,
        })
}

/// The methods that a raw path takes; none if it is unknown.
#[must_use]
pub fn methods_of(path: &str) -> Vec<Method> {
    let segments = segments(path).unwrap_or_default();
    at(&segments)
        .map(|matched| matched.operation.method)
        .collect()
}

/// The path of an operation, taken apart once.
struct Template {
    operation: &'static Operation,
    parts: Vec<Part>,
}

enum Part {
    Literal(&'static [u8]),
    /// The id of a record.
    Id,
    /// The id of a project.
    Project,
    /// Whatever it is.
    Any,
}

/// Segments of the longest path.
const LONGEST: usize = 5;

/// By how many segments they have.
static TEMPLATES: LazyLock<[Vec<Template>; LONGEST + 1]> = LazyLock::new(|| {
    let all = || OPERATIONS.iter().map(Template::of);
    std::array::from_fn(|count| all().filter(|of| of.parts.len() == count).collect())
});

fn templates(segments: &Segments<'_>) -> impl Iterator<Item = &'static Template> {
    TEMPLATES.get(segments.count).into_iter().flatten()
}

fn at(segments: &Segments<'_>) -> impl Iterator<Item = Matched> {
    templates(segments).filter_map(|template| template.matches(segments))
}

/// The segments of a path: how many, and as many of them as any path has.
#[derive(Default)]
struct Segments<'a> {
    first: [&'a [u8]; LONGEST],
    count: usize,
}

impl Template {
    fn of(operation: &'static Operation) -> Self {
        let parts = operation.path.split('/').filter(|part| !part.is_empty());
        let parts = parts.map(|part| match part {
            "{app}" => Part::Any,
            "{projectId}" => Part::Project,
            parameter if parameter.starts_with('{') => Part::Id,
            literal => Part::Literal(literal.as_bytes()),
        });
        Self {
            operation,
            parts: parts.collect(),
        }
    }

    /// Whether it is the path of as many segments.
    fn matches(&self, segments: &Segments<'_>) -> Option<Matched> {
        let mut path_project = None;
        let segments = segments.first.get(..self.parts.len())?;
        // From the end: paths begin alike.
        for (part, segment) in self.parts.iter().rev().zip(segments.iter().rev()) {
            match part {
                Part::Any => {}
                Part::Id => {
                    number(segment)?;
                }
                Part::Project => path_project = Some(ProjectId(number(segment)?)),
                Part::Literal(literal) if literal == segment => {}
                Part::Literal(_) => return None,
            }
        }
        Some(Matched {
            operation: self.operation,
            path_project,
        })
    }
}

/// Splits a path, letting through only letters, digits, `-` and `_`: nothing in Phare's paths needs more, and
/// every trick with escapes, dots and slashes does.
fn segments(path: &str) -> Result<Segments<'_>, PathFault> {
    let rest = path.strip_prefix('/').ok_or(PathFault::OddCharacter)?;
    let mut segments = Segments::default();
    if rest.is_empty() {
        return Ok(segments);
    }
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    for segment in rest.as_bytes().split(|byte| *byte == b'/') {
        if segment.is_empty() {
            return Err(PathFault::EmptySegment);
        }
        if !segment.iter().all(plain) {
            return Err(PathFault::OddCharacter);
        }
        if let Some(place) = segments.first.get_mut(segments.count) {
            *place = segment;
        }
        segments.count += 1;
    }
    Ok(segments)
}

/// Ids are integers everywhere; anything else names no record.
fn number(segment: &[u8]) -> Option<i64> {
    let is_plain = segment.iter().all(u8::is_ascii_digit);
    is_plain.then(|| str::from_utf8(segment).ok()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, path: &str) -> Result<&'static str, PathFault> {
        match_request(&method.parse().unwrap(), path).map(|matched| matched.operation.id)
    }

    #[test]
    fn every_operation_is_found_by_its_own_path() {
        for operation in OPERATIONS {
            let path = operation.path.replace("{app}", "email");
            let path: Vec<_> = path
                .split('/')
                .map(|part| if part.starts_with('{') { "17" } else { part })
                .collect();
            assert_eq!(
                found(operation.method.as_str(), &path.join("/")),
                Ok(operation.id)
            );
        }
    }

    #[test]
    fn the_path_names_its_project() {
        let matched = match_request(&http::Method::GET, "/projects/17").unwrap();
        assert_eq!(matched.path_project, Some(ProjectId(17)));
    }

    #[test]
    fn ambiguous_paths_are_refused_not_normalized() {
        for path in [
            "//projects",
            "/projects/",
            "/projects//1",
            "//",
            "/projects//..",
        ] {
            assert_eq!(found("GET", path), Err(PathFault::EmptySegment), "{path}");
        }
        for path in [
            "",
            "projects",
            "/./projects",
            "/projects/../users",
            "/projects/%2e%2e/users",
            "/projects%2f1",
            "/projects\\1",
            "/projects/1;a=b",
            "/projects/1%00",
            "/uptime/monitors/1.",
            "/projets/é",
            "/projects/1#x",
            "/a b",
            "*",
            "http://host/projects",
        ] {
            assert_eq!(found("GET", path), Err(PathFault::OddCharacter), "{path}");
        }
    }

    #[test]
    fn another_method_on_a_known_path_is_told_apart_from_an_unknown_path() {
        for (method, path, methods) in [
            ("PUT", "/projects/1", &["GET", "POST", "DELETE"][..]),
            ("PATCH", "/uptime/monitors/1", &["GET", "POST", "DELETE"]),
            ("HEAD", "/", &["GET"]),
            ("OPTIONS", "/", &["GET"]),
            ("get", "/projects", &["GET", "POST"]),
            ("DELETE", "/projects", &["GET", "POST"]),
            ("GET", "/uptime/monitors/1/pause", &["POST"]),
        ] {
            let fault = Err(PathFault::OtherMethod);
            assert_eq!(found(method, path), fault, "{method} {path}");
            let taken: Vec<_> = methods_of(path)
                .iter()
                .map(|taken| taken.as_str())
                .collect();
            assert_eq!(taken, methods, "{path}");
        }
        for (method, path) in [
            ("PUT", "/project/1"),
            ("GET", "/project"),
            ("GET", "/projects/one"),
            ("GET", "/projects/-1"),
            ("GET", "/projects/99999999999999999999"),
            ("GET", "/uptime"),
        ] {
            let fault = Err(PathFault::Unknown);
            assert_eq!(found(method, path), fault, "{method} {path}");
            assert_eq!(methods_of(path), [], "{path}");
        }
    }
}
