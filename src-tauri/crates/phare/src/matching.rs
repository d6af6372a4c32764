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
    let mut at_all = false;
    for matched in at(&segments(path)?) {
        if matched.operation.method.as_str() == method.as_str() {
            return Ok(matched);
        }
        at_all = true;
    }
    Err(if at_all {
        PathFault::OtherMethod
    } else {
        PathFault::Unknown
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
    Literal(&'static str),
    /// The id of a record.
    Id,
    /// The id of a project.
    Project,
    /// Whatever it is.
    Any,
}

static TEMPLATES: LazyLock<Vec<Template>> =
    LazyLock::new(|| OPERATIONS.iter().map(Template::of).collect());

fn at(segments: &[&str]) -> impl Iterator<Item = Matched> {
    TEMPLATES
        .iter()
        .filter_map(|template| template.matches(segments))
}

impl Template {
    fn of(operation: &'static Operation) -> Self {
        let parts = operation.path.split('/').filter(|part| !part.is_empty());
        let parts = parts.map(|part| match part {
            "{app}" => Part::Any,
            "{projectId}" => Part::Project,
            parameter if parameter.starts_with('{') => Part::Id,
            literal => Part::Literal(literal),
        });
        Self {
            operation,
            parts: parts.collect(),
        }
    }

    fn matches(&self, segments: &[&str]) -> Option<Matched> {
        if self.parts.len() != segments.len() {
            return None;
        }
        let mut path_project = None;
        for (part, segment) in self.parts.iter().zip(segments) {
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
fn segments(path: &str) -> Result<Vec<&str>, PathFault> {
    let rest = path.strip_prefix('/').ok_or(PathFault::OddCharacter)?;
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let segments = rest.split('/').map(|segment| match segment {
        "" => Err(PathFault::EmptySegment),
        segment if segment.bytes().all(plain) => Ok(segment),
        _ => Err(PathFault::OddCharacter),
    });
    segments.collect()
}

/// Ids are integers everywhere; anything else names no record.
fn number(segment: &str) -> Option<i64> {
    segment
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| segment.parse().ok())
        .flatten()
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
