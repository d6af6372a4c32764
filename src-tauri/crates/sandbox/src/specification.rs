//! The specification as the sandbox reads it: what each operation takes and answers.

use std::collections::HashMap;

use gardien_domain::Operation;
use gardien_domain::operation::Method;
use gardien_phare::{OPERATIONS, SPECIFICATION};
use http::StatusCode;
use regex::Regex;
use serde_json::{Map, Value, json};

/// What the sandbox holds and knows beyond the specification, as a patch of it.
const ADDITIONS: &str = include_str!("../additions.json");

/// The specification with its additions, taken apart by operation.
pub(crate) struct Specification {
    document: Value,
    /// By how they are written.
    patterns: HashMap<String, Regex>,
    contracts: HashMap<&'static str, Contract>,
}

/// What one operation takes and answers. Schemas are as written: a reference may be one.
#[derive(Debug)]
pub(crate) struct Contract {
    /// Status when all went well.
    pub(crate) status: StatusCode,
    /// Schema of the JSON body, if it takes one.
    pub(crate) taken: Option<Value>,
    /// Whether that body may also come as a form.
    pub(crate) takes_form: bool,
    /// Schema of the query fields together.
    pub(crate) queried: Value,
    /// Schema of the JSON answer, if it has one.
    pub(crate) answered: Option<Value>,
}

/// What the specification lacks.
#[derive(Debug, thiserror::Error)]
pub enum SpecificationFault {
    /// It is not JSON.
    #[error("it is not JSON")]
    Unreadable(#[from] serde_json::Error),
    /// A pattern is none.
    #[error("a pattern in it cannot be read")]
    Pattern(#[from] regex::Error),
    /// It does not say what an operation answers.
    #[error("it does not describe {0}")]
    Missing(&'static str),
}

impl Specification {
    pub(crate) fn load() -> Result<Self, SpecificationFault> {
        let mut document = serde_json::from_str(SPECIFICATION)?;
        merge(&mut document, serde_json::from_str(ADDITIONS)?);
        let mut patterns = HashMap::new();
        compile(&document["components"]["schemas"], &mut patterns)?;
        let mut specification = Self {
            document,
            patterns,
            contracts: HashMap::new(),
        };
        for operation in OPERATIONS {
            let contract = specification.read(operation);
            let contract = contract.ok_or(SpecificationFault::Missing(operation.id))?;
            specification.contracts.insert(operation.id, contract);
        }
        Ok(specification)
    }

    fn read(&self, operation: &Operation) -> Option<Contract> {
        let method = operation.method.as_str().to_ascii_lowercase();
        let stated = self.document["paths"].get(operation.path)?.get(&method)?;
        let mut answers = stated["responses"].as_object()?.iter();
        let (status, answer) = answers.find(|(status, _)| status.starts_with('2'))?;
        let body = &stated["requestBody"];
        let schema = |place: &Value| place["content"]["application/json"].get("schema").cloned();
        let parameters = stated["parameters"].as_array().into_iter().flatten();
        let queried: Map<String, Value> = parameters
            .map(|parameter| self.resolve(parameter))
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|field| Some((field["name"].as_str()?.to_owned(), field["schema"].clone())))
            .collect();
        Some(Contract {
            status: status.parse().ok()?,
            taken: schema(body),
            takes_form: body["content"].get("multipart/form-data").is_some(),
            queried: json!({ "type": "object", "properties": queried }),
            answered: schema(answer),
        })
    }

    /// What an operation takes and answers.
    pub(crate) fn contract(&self, operation: &Operation) -> Option<&Contract> {
        self.contracts.get(operation.id)
    }

    /// How a new record of the collection at `path` is made.
    pub(crate) fn creation(&self, path: &str) -> Option<&Contract> {
        let operation = OPERATIONS
            .iter()
            .find(|operation| operation.path == path && operation.method == Method::Post)?;
        self.contract(operation)
    }

    /// Whether a field of this name may be sent to, or is shown by, the collection at `path`.
    pub(crate) fn knows(&self, path: &str, name: &str) -> bool {
        let creation = self.creation(path).into_iter();
        let mut schemas = creation
            .flat_map(|made| [&made.taken, &made.answered])
            .flatten();
        schemas.any(|schema| {
            self.properties(schema)
                .is_some_and(|fields| fields.contains_key(name))
        })
    }

    /// A schema of the specification by its name.
    pub(crate) fn named(&self, name: &str) -> &Value {
        &self.document["components"]["schemas"][name]
    }

    /// The values that a schema of the specification lists, by its name.
    pub(crate) fn choices(&self, name: &str) -> &[Value] {
        let listed = self.named(name)["enum"].as_array();
        listed.map_or(&[], Vec::as_slice)
    }

    /// Follows references until a schema that is none.
    pub(crate) fn resolve<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            match self.document.pointer(reference.trim_start_matches('#')) {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }

    /// The named fields of an object's schema, in their order; `None` for a free-form object and for anything else.
    pub(crate) fn properties<'a>(&'a self, schema: &'a Value) -> Option<&'a Map<String, Value>> {
        self.resolve(schema).get("properties")?.as_object()
    }

    /// Whether a text is as the pattern of its schema has it, if there is one.
    pub(crate) fn fits_pattern(&self, schema: &Value, text: &str) -> bool {
        let pattern = schema["pattern"].as_str();
        let pattern = pattern.and_then(|pattern| self.patterns.get(pattern));
        pattern.is_none_or(|pattern| pattern.is_match(text))
    }

    /// Whether null is among the values.
    pub(crate) fn allows_null(&self, schema: &Value) -> bool {
        let schema = self.resolve(schema);
        let states = |key: &str, null: Value| {
            let values = schema[key].as_array();
            values.is_some_and(|values| values.contains(&null))
        };
        let mut branches = branches(schema).iter();
        states("type", json!("null"))
            || states("enum", Value::Null)
            || branches.any(|branch| self.allows_null(branch))
    }

    /// Whether an object is a set of settings that stand alone: named fields, none of them required.
    pub(crate) fn is_settings(&self, schema: &Value) -> bool {
        let schema = self.resolve(schema);
        schema.get("properties").is_some() && schema.get("required").is_none()
    }

    /// What stands for a field that was not sent: its default, else null, an empty list or the settings' own
    /// defaults where the specification allows them.
    pub(crate) fn absent(&self, schema: &Value) -> Option<Value> {
        let resolved = self.resolve(schema);
        if let Some(default) = resolved.get("default") {
            Some(default.clone())
        } else if self.allows_null(resolved) {
            Some(Value::Null)
        } else if resolved["type"] == "array" && resolved["minItems"].as_u64().unwrap_or(0) == 0 {
            Some(json!([]))
        } else if self.is_settings(resolved) {
            let fields = self.properties(resolved)?.iter();
            let fields = fields.filter_map(|(name, field)| Some((name, self.absent(field)?)));
            Some(fields.map(|(name, value)| (name.clone(), value)).collect())
        } else {
            None
        }
    }

    /// `sent` laid over `stored`. Settings are merged field by field; everything else is replaced whole, so that what
    /// is left out of a monitor's request is gone.
    pub(crate) fn merged(&self, schema: &Value, stored: Option<&Value>, sent: Value) -> Value {
        match (stored, sent, self.properties(schema)) {
            (Some(Value::Object(stored)), Value::Object(sent), Some(fields))
                if self.is_settings(schema) =>
            {
                let mut merged = stored.clone();
                for (name, value) in sent {
                    let field = fields.get(&name).unwrap_or(&Value::Null);
                    let value = self.merged(field, stored.get(&name), value);
                    merged.insert(name, value);
                }
                Value::Object(merged)
            }
            (_, sent, _) => sent,
        }
    }

    /// A field that can only have one value: it tells the branches of a union apart.
    pub(crate) fn fixed_field<'a>(&'a self, branch: &'a Value) -> Option<(&'a str, &'a Value)> {
        let mut fields = self.properties(branch)?.iter();
        fields.find_map(|(name, field)| match field["enum"].as_array()?.as_slice() {
            [only] => Some((name.as_str(), only)),
            _ => None,
        })
    }
}

/// Lays a merge patch over a document (RFC 7396; nothing is taken away).
fn merge(document: &mut Value, patch: Value) {
    match (document, patch) {
        (Value::Object(fields), Value::Object(patch)) => {
            for (name, value) in patch {
                merge(fields.entry(name).or_insert(Value::Null), value);
            }
        }
        (document, patch) => *document = patch,
    }
}

/// Finds the patterns of all schemas in a schema.
fn compile(schema: &Value, found: &mut HashMap<String, Regex>) -> Result<(), regex::Error> {
    if let Some(pattern) = schema["pattern"].as_str() {
        found.insert(pattern.to_owned(), Regex::new(pattern)?);
    }
    let mut parts = schema.as_object().into_iter().flatten();
    parts.try_for_each(|(_, part)| compile(part, found))
}

/// The schemas of which one holds, where there is a choice.
pub(crate) fn branches(schema: &Value) -> &[Value] {
    let branches = schema.get("oneOf").or_else(|| schema.get("anyOf"));
    let branches = branches.and_then(Value::as_array);
    branches.map_or(&[], Vec::as_slice)
}

/// The type of a value that is not null.
pub(crate) fn kind(schema: &Value) -> &str {
    let stated = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null"),
        kind => Some(kind),
    };
    stated.and_then(Value::as_str).unwrap_or_default()
}
