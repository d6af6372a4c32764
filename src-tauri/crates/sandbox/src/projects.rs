//! Projects. Everything else hangs on one.

use std::collections::HashSet;

use gardien_store::Document;
use serde_json::{Value, json};

use crate::collection::{Collection, Fields, Made, Owner, PLAIN, fields};
use crate::validate::FieldErrors;

pub(crate) const PROJECTS: Collection = Collection {
    name: "projects",
    path: "/projects",
    owner: Owner::Organization,
    made: Made::Among(made),
    rules: &[members_are_ids],
    ..PLAIN
};

/// The slug never changes: keys and clients name the project by it.
fn made(project: &Fields, others: &[Document]) -> Fields {
    let name = project.get("name").and_then(Value::as_str);
    let taken: HashSet<&str> = others
        .iter()
        .filter_map(|other| other.body["slug"].as_str())
        .collect();
    fields(json!({ "slug": unique_slug(name.unwrap_or_default(), &taken) }))
}

fn unique_slug(name: &str, taken: &HashSet<&str>) -> String {
    let slug = slug(name);
    if !taken.contains(slug.as_str()) {
        return slug;
    }
    // One more number than there are slugs: one of them is free.
    (2..=taken.len() + 2)
        .map(|number| format!("{slug}-{number}"))
        .find(|numbered| !taken.contains(numbered.as_str()))
        .unwrap_or(slug)
}

/// Letters and digits joined by single dashes. Never only digits: clients would take it for an id.
fn slug(name: &str) -> String {
    let name = name.to_lowercase();
    let words: Vec<&str> = name
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let slug = words.join("-");
    if slug.is_empty() {
        "project".to_owned()
    } else if slug.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("project-{slug}")
    } else {
        slug
    }
}

fn members_are_ids(project: &Fields, errors: &mut FieldErrors) {
    let members = project.get("members").and_then(Value::as_array);
    for (index, member) in members.into_iter().flatten().enumerate() {
        if member.as_i64().is_some_and(|id| id < 1) {
            let field = format!("members.{index}");
            errors.push(&field, format!("The {field} field must be at least 1."));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain_and_never_a_number() {
        for (name, slug) in [
            ("Shop", "shop"),
            ("  Côte & Mer 2 ", "c-te-mer-2"),
            ("A--B__C", "a-b-c"),
            ("42", "project-42"),
            ("灯台", "project"),
        ] {
            assert_eq!(super::slug(name), slug, "{name}");
        }
    }

    #[test]
    fn a_taken_slug_gets_the_first_free_number() {
        let taken = HashSet::from(["shop", "shop-2", "shop-4"]);
        assert_eq!(unique_slug("Shop", &taken), "shop-3");
        assert_eq!(unique_slug("Other", &taken), "other");
    }
}
