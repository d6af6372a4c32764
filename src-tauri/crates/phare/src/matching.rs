//! Which operation a request names. A path is taken literally or not at all: nothing is normalized, so that
//! the path that is authorized is the path that is sent.

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
    /// Two servers could read it differently: dot segments, empty segments, escapes, backslashes.
    #[error("the path can be read in more than one way")]
    Ambiguous,
    /// No operation has this method and path.
    #[error("no such operation")]
    Unknown,
}

/// Finds the operation for a method and a raw path (without query).
///
/// # Errors
/// [`PathFault`]; `Ambiguous` before `Unknown`.
pub fn match_request(method: &http::Method, path: &str) -> Result<Matched, PathFault> {
    let segments = segments(path)?;
    let method: Method = method.as_str().parse().map_err(|_| PathFault::Unknown)?;
    OPERATIONS
        .iter()
        .filter(|operation| operation.method == method)
        .find_map(|operation| matches(operation, &segments))
        .ok_or(PathFault::Unknown)
}

/// Splits a path, letting through only letters, digits, `-` and `_`: nothing in Phare's paths needs more, and
/// every trick with escapes, dots and slashes does.
fn segments(path: &str) -> Result<Vec<&str>, PathFault> {
    let rest = path.strip_prefix('/').ok_or(PathFault::Ambiguous)?;
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let plain = |segment: &&str| {
        !segment.is_empty()
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let segments: Vec<&str> = rest.split('/').collect();
    if segments.iter().all(plain) {
        Ok(segments)
    } else {
        Err(PathFault::Ambiguous)
    }
}

fn matches(operation: &'static Operation, segments: &[&str]) -> Option<Matched> {
    let mut template = operation.path.split('/').filter(|part| !part.is_empty());
    let mut path_project = None;
    for segment in segments {
        match template.next()? {
            "{app}" => {}
            parameter if parameter.starts_with('{') => {
                let id = number(segment)?;
                if parameter == "{projectId}" {
                    path_project = Some(ProjectId(id));
                }
            }
            literal if literal == *segment => {}
            _ => return None,
        }
    }
    template.next().is_none().then_some(Matched {
        operation,
        path_project,
    })
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
            "",
            "projects",
            "//projects",
            "/projects/",
            "/projects//1",
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
            assert_eq!(found("GET", path), Err(PathFault::Ambiguous), "{path}");
        }
    }

    #[test]
    fn unknown_methods_and_paths_are_unknown() {
        for (method, path) in [
            ("PUT", "/projects/1"),
            ("PATCH", "/projects/1"),
            ("HEAD", "/"),
            ("OPTIONS", "/"),
            ("TRACE", "/"),
            ("get", "/projects"),
            ("GET", "/project"),
            ("GET", "/projects/one"),
            ("GET", "/projects/-1"),
            ("GET", "/projects/99999999999999999999"),
            ("GET", "/uptime"),
            ("DELETE", "/projects"),
            ("GET", "/uptime/monitors/1/pause"),
        ] {
            assert_eq!(
                found(method, path),
                Err(PathFault::Unknown),
                "{method} {path}"
            );
        }
    }
}
