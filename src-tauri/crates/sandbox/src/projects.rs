//! Projects. Everything else hangs on one.

use serde_json::{Value, json};

use crate::collection::{Collection, Owner, PLAIN};

pub(crate) const PROJECTS: Collection = Collection {
    name: "projects",
    path: "/projects",
    owner: Owner::Organization,
    // The slug never changes: keys and clients name the project by it.
    made: |project| {
        let name = project.get("name").and_then(Value::as_str);
        json!({ "slug": slug(name.unwrap_or_default()) })
    },
    unique: Some("slug"),
    ..PLAIN
};

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

#[cfg(test)]
mod tests {
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
}
