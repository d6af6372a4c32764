use super::*;

fn errors(schema: &str, value: Value) -> Vec<String> {
    let specification = Specification::load().unwrap();
    match check(&specification, specification.named(schema), value) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.0.into_iter().map(|(_, message)| message).collect(),
    }
}

#[test]
fn formats() {
    for (schema, field, value, complaint) in [
        (
            "IncidentUpdatePatch",
            "published_at",
            "2026-03-10T00:10:46+00:00",
            "",
        ),
        (
            "IncidentUpdatePatch",
            "published_at",
            "2026-03-10T00:10:46Z",
            "",
        ),
        (
            "IncidentUpdatePatch",
            "published_at",
            "2026-03-10",
            "must be a valid date.",
        ),
        (
            "IncidentUpdatePatch",
            "published_at",
            "20260310T001046Z",
            "must be a valid date.",
        ),
        (
            "IncidentUpdatePatch",
            "published_at",
            "2026-03-10T00:10:46+00:00[UTC]",
            "must be a valid date.",
        ),
        (
            "IncidentUpdatePatch",
            "published_at",
            "2026-03-10T00:10:46.25+05:30",
            "",
        ),
        (
            "IncidentUpdatePatch",
            "published_at",
            "soon",
            "must be a valid date.",
        ),
        ("OutgoingWebhookSettings", "schema", "{\"a\":[1]}", ""),
        (
            "OutgoingWebhookSettings",
            "schema",
            "{a}",
            "must be a valid JSON string.",
        ),
    ] {
        let found = errors(schema, json!({ field: value }));
        let found = found
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .concat();
        assert!(found.ends_with(complaint), "{field} {value}: {found}");
        assert_eq!(
            found.is_empty(),
            complaint.is_empty(),
            "{field} {value}: {found}"
        );
    }
}

#[test]
fn no_text_is_null_where_it_could_not_hold() {
    let specification = Specification::load().unwrap();
    let page = specification.named("StatusPageUpdate");
    let incident = specification.named("IncidentPatch");
    let request = specification.named("HttpRequest");
    for (schema, field, kept) in [
        (page, "domain", Value::Null),
        (page, "logo_light", Value::Null),
        (incident, "incident_at", Value::Null),
        (request, "body", json!("")),
    ] {
        let mut sent = json!({ field: " " });
        if schema == request {
            sent["method"] = json!("GET");
            sent["url"] = json!("https://shop.example");
        }
        let checked = check(&specification, schema, sent).unwrap();
        assert_eq!(checked[field], kept, "{field}");
    }
}

#[test]
fn whole_floats_are_integers_and_others_are_not() {
    let specification = Specification::load().unwrap();
    let schema = json!({ "type": "integer" });
    let checked = |value| check(&specification, &schema, value);
    assert_eq!(checked(json!(60.0)), Ok(json!(60)));
    for value in [
        json!(60.5),
        json!(1e300),
        json!(u64::MAX),
        json!("60"),
        json!(true),
    ] {
        assert!(checked(value.clone()).is_err(), "{value}");
    }
}

#[test]
fn a_union_is_decided_by_its_fixed_field_at_any_depth() {
    let monitor = json!({ "componentable_type": "uptime/monitor", "componentable_id": 1 });
    let group = |inner: Value| json!({ "componentable_type": "uptime/group", "name": "G", "components": [inner] });
    assert_eq!(
        errors("StatusPageComponent", group(monitor.clone())),
        [""; 0]
    );
    assert_eq!(
        errors(
            "StatusPageComponent",
            group(json!({ "componentable_type": "uptime/monitor" }))
        ),
        ["The components.0.componentable id field is required."]
    );
}

#[test]
fn free_form_objects_are_kept_whole() {
    let specification = Specification::load().unwrap();
    let value = json!({ "b": { "c": [1, " x"] }, "a": null });
    let checked = check(&specification, &json!({ "type": "object" }), value.clone());
    assert_eq!(checked, Ok(value));
}

#[test]
fn no_value_upsets_any_schema() {
    let specification = Specification::load().unwrap();
    let odd = [
        json!(null),
        json!([]),
        json!({}),
        json!(""),
        json!(-1.5),
        json!([[{}]]),
        json!(true),
    ];
    let operations = gardien_phare::OPERATIONS.iter();
    let schemas = operations.filter_map(|o| specification.contract(o)?.taken.as_ref());
    for schema in schemas {
        for value in &odd {
            let fields = specification.properties(schema).unwrap().keys();
            let every = fields.map(|name| (name.clone(), value.clone())).collect();
            for value in [value.clone(), Value::Object(every)] {
                // What is accepted once is accepted again, unchanged.
                if let Ok(kept) = check(&specification, schema, value) {
                    assert_eq!(check(&specification, schema, kept.clone()), Ok(kept));
                }
            }
        }
    }
}
