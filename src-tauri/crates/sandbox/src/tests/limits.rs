//! Every limit of the specification, found by a program that walks it: whatever the specification refuses, the sandbox
//! refuses. A validator that knows nothing of the sandbox judges.

use std::collections::BTreeSet;

use gardien_phare::{OPERATIONS, SPECIFICATION};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::form::typed;
use crate::specification::{Contract, Specification, branches};
use crate::table::COLLECTIONS;
use crate::validate;

/// What the specification alone, without additions, says of a value.
fn judge(schema: &Value) -> Validator {
    let document: Value = serde_json::from_str(SPECIFICATION).unwrap();
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&schema).unwrap()
}

fn contracts(specification: &Specification) -> impl Iterator<Item = (&'static str, &Contract)> {
    OPERATIONS
        .iter()
        .map(|operation| (operation.id, specification.contract(operation).unwrap()))
}

/// Values that hold, one for each way that a schema leaves open, with every field that it names.
fn samples(specification: &Specification, schema: &Value) -> Vec<Value> {
    let schema = specification.resolve(schema);
    let choices = branches(schema);
    if !choices.is_empty() {
        return choices
            .iter()
            .flat_map(|choice| samples(specification, choice))
            .collect();
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.clone();
    }
    if let Some(fields) = specification.properties(schema) {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, field)| (name, samples(specification, field)))
            .collect();
        let ways = fields
            .iter()
            .map(|(_, values)| values.len())
            .max()
            .unwrap_or(1);
        let way = |way: usize| {
            fields
                .iter()
                .map(move |(name, values)| ((*name).clone(), values[way % values.len()].clone()))
        };
        return (0..ways)
            .map(|number| Value::Object(way(number).collect()))
            .collect();
    }
    let least = schema["minLength"].as_u64().unwrap_or(1) as usize;
    let text = schema["examples"][0].as_str().map(str::to_owned);
    let kind = crate::specification::kind(schema);
    vec![match (kind, schema["format"].as_str()) {
        (_, Some("date-time")) => json!("2026-03-10T00:00:00Z"),
        (_, Some("json")) => json!("{}"),
        ("string", _)
            if schema["pattern"]
                .as_str()
                .is_some_and(|pattern| pattern.contains("://")) =>
        {
            json!("https://shop.example")
        }
        ("string", _) => json!(text.unwrap_or_else(|| "a".repeat(least))),
        ("array", _) => samples(specification, &schema["items"])
            .into_iter()
            .take(1)
            .collect(),
        ("boolean", _) => json!(true),
        ("integer", _) => schema.get("minimum").cloned().unwrap_or(json!(1)),
        ("object", _) => json!({}),
        other => panic!("{other:?}: {schema}"),
    }]
}

/// Each place in a value, as a pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                places(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// What may stand in a place instead of `value`: other kinds, and every size up to and beyond all limits.
fn others(value: &Value) -> Vec<Value> {
    let mut others = vec![
        json!(null),
        json!(true),
        json!({}),
        json!([]),
        json!("zz"),
        json!("2026-03-10"),
    ];
    others.extend(
        [
            -1, 0, 1, 2, 4, 5, 7, 10, 11, 29, 60, 61, 101, 10_801, 86_401,
        ]
        .map(|number| json!(number)),
    );
    others.push(json!(1.5));
    for length in [
        1, 2, 3, 4, 7, 8, 25, 26, 30, 31, 45, 46, 50, 51, 250, 251, 253, 254, 255, 256, 500, 501,
        1024, 1025,
    ] {
        others.push(json!("é".repeat(length)));
    }
    for length in [2000, 2001, 5000, 5001, 10_000, 10_001] {
        others.push(json!("é".repeat(length)));
    }
    if let Some(item) = value.as_array().and_then(|items| items.first()) {
        for length in [1, 3, 4, 6, 7, 10, 11, 50, 51, 100, 101] {
            others.push(json!(vec![item; length]));
        }
    }
    others
}

/// The values that differ from `sample` in one place, one of them in that it is not there.
fn variants(sample: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    places(sample, "", &mut found);
    let mut variants = vec![(String::new(), sample.clone())];
    for place in found {
        for other in others(sample.pointer(&place).unwrap()) {
            let mut variant = sample.clone();
            *variant.pointer_mut(&place).unwrap() = other;
            variants.push((place.clone(), variant));
        }
        let Some((parent, name)) = place.rsplit_once('/') else {
            continue;
        };
        let mut variant = sample.clone();
        if let Some(Value::Object(fields)) = variant.pointer_mut(parent) {
            fields.remove(name);
            variants.push((place, variant));
        }
    }
    variants
}

#[test]
fn what_the_specification_refuses_in_a_body_is_refused() {
    let specification = Specification::load().unwrap();
    let mut refused = 0;
    for collection in COLLECTIONS {
        let creation = specification.creation(collection.path);
        let Some(schema) = creation.and_then(|creation| creation.taken.as_ref()) else {
            continue;
        };
        let judge = judge(schema);
        for sample in samples(&specification, schema) {
            for (place, value) in variants(&sample) {
                // Sent by clients in use, or by those to come: the additions say which.
                let more = ["icmp", "operational", "maintenance"].map(|word| json!(word));
                let more = more.contains(&value["protocol"]) || more.contains(&value["impact"]);
                if more || judge.is_valid(&value) {
                    continue;
                }
                refused += 1;
                let checked = validate::check(&specification, schema, value.clone());
                let name = collection.name;
                assert!(
                    checked.is_err(),
                    "{name} {place}: {:?}",
                    value.pointer(&place)
                );
            }
        }
    }
    assert!(refused > 3_000, "{refused}");
}

/// A change is held against what makes a record, with the record as it will be.
#[test]
fn a_change_takes_what_a_creation_takes() {
    let document: Value = serde_json::from_str(SPECIFICATION).unwrap();
    let schemas = &document["components"]["schemas"];
    let mut compared = 0;
    for (name, schema) in schemas.as_object().unwrap() {
        // A record of its own, not the change of one.
        if name == "IncidentUpdate" {
            continue;
        }
        let of = name
            .strip_suffix("Update")
            .or_else(|| name.strip_suffix("Patch"));
        let creation = of.map(|of| &schemas[format!("{of}Create")]["properties"]);
        let Some(Value::Object(creation)) = creation else {
            continue;
        };
        for (field, changed) in schema["properties"].as_object().unwrap() {
            assert_eq!(creation.get(field), Some(changed), "{name} {field}");
            compared += 1;
        }
    }
    assert!(compared > 50, "{compared}");
}

#[test]
fn what_the_specification_refuses_in_a_query_is_refused() {
    let specification = Specification::load().unwrap();
    let mut refused = 0;
    for (id, contract) in contracts(&specification) {
        let judge = judge(&contract.queried);
        for sample in samples(&specification, &contract.queried) {
            for (place, value) in variants(&sample) {
                if judge.is_valid(&value) {
                    continue;
                }
                refused += 1;
                let checked = validate::check(&specification, &contract.queried, value.clone());
                assert!(checked.is_err(), "{id} {place}: {value}");
            }
        }
    }
    assert!(refused > 300, "{refused}");
}

/// A form brings texts under flat names, of which the specification says more than of what they become.
#[test]
fn what_the_specification_refuses_in_a_form_is_refused() {
    let specification = Specification::load().unwrap();
    let form = specification.named("StatusPageForm");
    let page = specification.named("StatusPageUpdate");
    let plain = form["properties"].as_object().unwrap().iter();
    let plain = plain.map(|(name, schema)| (name.clone(), schema.clone()));
    let patterned =
        form["patternProperties"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(pattern, schema)| {
                let name = pattern
                    .trim_matches(['^', '$'])
                    .replace("\\d+", "0")
                    .replace(['\\'], "");
                let name = name
                    .replace("(light|dark)", "light")
                    .replace("[a-z_]+", "empty");
                // The pattern of a name in brackets that is a word of its own.
                (name.replace("[[", "[").replace("]]", "]"), schema.clone())
            });
    let mut refused = 0;
    for (name, schema) in plain.chain(patterned) {
        let judge = judge(&schema);
        for text in [
            "",
            "zz",
            "true",
            "false",
            "yes",
            "01",
            "+1",
            "-1",
            "1",
            "0",
            "4",
            "30",
            "030",
            "31",
            "uptime/page",
        ] {
            if judge.is_valid(&json!(text)) {
                continue;
            }
            refused += 1;
            let mut tree = json!({});
            crate::form::plant(&mut tree, &crate::form::names(&name), text.to_owned());
            let brought = typed(&specification, page, tree);
            let checked = validate::check(&specification, page, brought);
            assert!(checked.is_err(), "{name} {text:?}");
        }
    }
    assert!(refused > 60, "{refused}");
}

/// Of no other keyword or format is anything held: one that a later specification has must not pass unseen.
#[test]
fn every_keyword_of_what_is_taken_is_known() {
    let specification = Specification::load().unwrap();
    let (mut keywords, mut formats) = (BTreeSet::new(), BTreeSet::new());
    for (_, contract) in contracts(&specification) {
        for schema in [contract.taken.as_ref(), Some(&contract.queried)]
            .into_iter()
            .flatten()
        {
            collect(&specification, schema, &mut keywords, &mut formats);
        }
    }
    let held = [
        "$ref",
        "anyOf",
        "enum",
        "items",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minLength",
        "minimum",
        "oneOf",
        "pattern",
        "properties",
        "required",
        "type",
    ];
    let said = [
        "default",
        "description",
        "examples",
        "format",
        "title",
        "x-decided-by",
        "x-kept-as-sent",
    ];
    let known: BTreeSet<String> = held
        .iter()
        .chain(&said)
        .map(|&word| word.to_owned())
        .collect();
    assert_eq!(keywords, known);
    // A picture is judged by its bytes.
    let known = ["binary", "date-time", "json"].map(str::to_owned);
    assert_eq!(formats, BTreeSet::from(known));
}

fn collect(
    specification: &Specification,
    schema: &Value,
    keywords: &mut BTreeSet<String>,
    formats: &mut BTreeSet<String>,
) {
    keywords.extend(schema.as_object().into_iter().flat_map(Map::keys).cloned());
    formats.extend(schema["format"].as_str().map(str::to_owned));
    if schema.get("pattern").is_some() {
        assert!(
            !specification.fits_pattern(schema, "\n"),
            "{schema}: not held"
        );
    }
    let fields = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, field)| field);
    let target = schema.get("$ref").map(|_| specification.resolve(schema));
    let parts = fields
        .chain(schema.get("items"))
        .chain(branches(schema))
        .chain(target);
    for part in parts {
        collect(specification, part, keywords, formats);
    }
}
