//! The specification as the sandbox reads it: what each operation takes and answers.

use std::collections::HashMap;

use gardien_domain::Operation;
use gardien_domain::operation::Method;
use gardien_phare::{OPERATIONS, SPECIFICATION};
use http::StatusCode;
use serde_json::{Map, Value, json};

/// The specification, taken apart by operation.
pub(crate) struct Specification {
    document: Value,
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
    /// It does not say what an operation answers.
    #[error("it does not describe {0}")]
    Missing(&'static str),
}

impl Specification {
    pub(crate) fn load() -> Result<Self, SpecificationFault> {
        let document: Value = serde_json::from_str(SPECIFICATION)?;
        let mut contracts = HashMap::new();
        for operation in OPERATIONS {
            let contract =
                contract(&document, operation).ok_or(SpecificationFault::Missing(operation.id))?;
            contracts.insert(operation.id, contract);
        }
        Ok(Self {
            document,
            contracts,
        })
    }

    /// What an operation takes and answers.
    pub(crate) fn contract(&self, operation: &Operation) -> Option<&Contract> {
        self.contracts.get(operation.id)
    }

    /// What a new record of the collection at `path` is made from.
    pub(crate) fn creation(&self, path: &str) -> Option<&Value> {
        let operation = OPERATIONS
            .iter()
            .find(|operation| operation.path == path && operation.method == Method::Post)?;
        self.contract(operation)?.taken.as_ref()
    }

    /// A schema of the specification by its name.
    pub(crate) fn named(&self, name: &str) -> &Value {
        &self.document["components"]["schemas"][name]
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

    /// Whether null is among the values.
    pub(crate) fn allows_null(&self, schema: &Value) -> bool {
        let schema = self.resolve(schema);
        let stated = |key: &str, null: &Value| {
            schema[key]
                .as_array()
                .is_some_and(|values| values.contains(null))
        };
        let of_a_branch = |key: &str| {
            schema[key]
                .as_array()
                .is_some_and(|branches| branches.iter().any(|branch| self.allows_null(branch)))
        };
        stated("type", &json!("null"))
            || stated("enum", &Value::Null)
            || of_a_branch("anyOf")
            || of_a_branch("oneOf")
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
            let values =
                fields.filter_map(|(name, field)| Some((name.clone(), self.absent(field)?)));
            Some(Value::Object(values.collect()))
        } else {
            None
        }
    }

    /// `sent` laid over `stored`. Settings are merged field by field; everything else is replaced whole, so that what
    /// is left out of a monitor's request is gone.
    pub(crate) fn merged(&self, schema: &Value, stored: Option<&Value>, sent: Value) -> Value {
        let (Some(Value::Object(stored)), Value::Object(sent), Some(fields)) =
            (stored, &sent, self.properties(schema))
        else {
            return sent;
        };
        if !self.is_settings(schema) {
            return Value::Object(sent.clone());
        }
        let mut merged = stored.clone();
        for (name, value) in sent {
            let field = fields.get(name).unwrap_or(&Value::Null);
            let value = self.merged(field, stored.get(name), value.clone());
            merged.insert(name.clone(), value);
        }
        Value::Object(merged)
    }
}

fn contract(document: &Value, operation: &Operation) -> Option<Contract> {
    let method = operation.method.as_str().to_ascii_lowercase();
    let stated = document["paths"].get(operation.path)?.get(&method)?;
    let (status, answer) = stated["responses"]
        .as_object()?
        .iter()
        .find(|(status, _)| status.starts_with('2'))?;
    let body = &stated["requestBody"];
    let schema = |place: &Value| place["content"]["application/json"].get("schema").cloned();
    Some(Contract {
        status: status.parse().ok()?,
        taken: schema(body),
        takes_form: body["content"].get("multipart/form-data").is_some(),
        queried: queried(document, stated),
        answered: schema(answer),
    })
}

fn queried(document: &Value, operation: &Value) -> Value {
    let mut fields = Map::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let reference = parameter.get("$ref").and_then(Value::as_str);
        let parameter = reference
            .and_then(|reference| document.pointer(reference.trim_start_matches('#')))
            .unwrap_or(parameter);
        if let (Some("query"), Some(name)) = (parameter["in"].as_str(), parameter["name"].as_str())
        {
            fields.insert(name.to_owned(), parameter["schema"].clone());
        }
    }
    json!({ "type": "object", "properties": fields })
}
