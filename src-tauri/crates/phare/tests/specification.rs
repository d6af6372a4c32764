//! The catalogue against the project's own copy of the specification.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use gardien_phare::{OPERATIONS, SPECIFICATION};
use serde_json::Value;

#[test]
fn the_catalogue_is_the_specification() {
    let specification: Value = serde_json::from_str(SPECIFICATION).unwrap();
    let mut stated = Vec::new();
    for (path, methods) in specification["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            stated.push(format!(
                "{} {} {path} {} {} {}",
                operation["operationId"].as_str().unwrap(),
                method.to_uppercase(),
                operation["x-phare-product"].as_str().unwrap(),
                operation["x-phare-access"].as_str().unwrap(),
                operation["x-phare-project-header"].as_str().unwrap(),
            ));
        }
    }
    let mut known: Vec<String> = OPERATIONS
        .iter()
        .map(|operation| {
            let (access, header) = (operation.access(), operation.project_header);
            format!(
                "{} {} {} {} {access} {header}",
                operation.id, operation.method, operation.path, operation.product
            )
        })
        .collect();
    stated.sort();
    known.sort();
    assert_eq!(known.len(), 48);
    assert_eq!(known, stated);
}

/// What people read instead of method and path.
#[test]
fn every_operation_has_a_name_of_its_own_in_words() {
    const GROUPS: [&str; 9] = [
        "API",
        "Alert rules",
        "Incidents",
        "Integrations",
        "Maintenance windows",
        "Monitors",
        "Projects",
        "Status pages",
        "Users",
    ];
    /// Imperative, the same of a call under way, and the methods that it may stand for.
    const VERBS: [(&str, &str, &str); 14] = [
        ("Call", "calling", "POST"),
        ("Change", "changing", "POST"),
        ("Create", "creating", "POST"),
        ("Delete", "deleting", "DELETE"),
        ("End", "ending", "POST"),
        ("List", "listing", "GET"),
        ("Mark", "marking", "POST"),
        ("Open", "opening", "POST"),
        ("Pause", "pausing", "POST"),
        ("Plan", "planning", "POST"),
        ("Post", "posting", "POST"),
        ("Report", "reporting", "GET"),
        ("Resume", "resuming", "POST"),
        ("Show", "reading", "GET"),
    ];
    let mut names = BTreeSet::new();
    for operation in OPERATIONS {
        let (summary, doing) = (operation.summary, operation.doing);
        assert!(GROUPS.contains(&operation.group), "{}", operation.group);
        assert!(names.insert(summary), "{summary} twice");
        let (verb, what) = summary.split_once(' ').unwrap();
        let (verb_ing, what_ing) = doing.split_once(' ').unwrap();
        let known = VERBS.iter().find(|(name, ..)| *name == verb).unwrap();
        assert_eq!(known.2, operation.method.as_str(), "{summary}");
        if operation.id != "getInfo" {
            assert_eq!((known.1, what), (verb_ing, what_ing), "{summary}");
        }
        for text in [summary, doing] {
            let plain = |c: char| c.is_ascii_lowercase() || c == ' ';
            let words = text[1..].replace("API", "api");
            assert!(words.chars().all(plain), "{text} is no plain text");
        }
    }
    let used: BTreeSet<_> = OPERATIONS.iter().map(|operation| operation.group).collect();
    assert_eq!(used, BTreeSet::from(GROUPS));
}
