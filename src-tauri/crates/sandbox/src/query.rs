//! Fields of a query, as the specification has them.

use serde_json::{Map, Value, json};

use crate::answers::Refusal;
use crate::specification::{Contract, Specification};
use crate::validate;

/// A query that holds.
#[derive(Debug)]
pub(crate) struct Query {
    /// Every field that the operation knows and that was sent or has a default.
    pub(crate) fields: Value,
    /// All that was sent, as it was sent.
    pub(crate) sent: Vec<(String, String)>,
}

impl Query {
    /// Reads a query. A list may be sent as one field many times or with commas between its items; of any other field
    /// sent twice the last counts.
    pub(crate) fn read(
        specification: &Specification,
        contract: &Contract,
        query: &str,
    ) -> Result<Self, Refusal> {
        let sent: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let mut fields = Map::new();
        for (name, schema) in specification
            .properties(&contract.queried)
            .into_iter()
            .flatten()
        {
            let schema = specification.resolve(schema);
            let mut values = sent
                .iter()
                .filter(|(field, _)| field == name)
                .map(|(_, value)| value.trim());
            if validate::kind(schema) == "array" {
                let items: Vec<Value> = values
                    .flat_map(|list| list.split(','))
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(|item| typed(specification.resolve(&schema["items"]), item))
                    .collect();
                if !items.is_empty() {
                    fields.insert(name.clone(), Value::Array(items));
                }
            } else if let Some(value) = values.next_back() {
                fields.insert(name.clone(), typed(schema, value));
            }
        }
        let fields = validate::check(specification, &contract.queried, &[], Value::Object(fields))
            .map_err(Refusal::Invalid)?;
        Ok(Self { fields, sent })
    }

    /// The values that a field asks for; none when it was not sent.
    pub(crate) fn values(&self, name: &str) -> &[Value] {
        match self.fields.get(name) {
            Some(Value::Array(values)) => values,
            Some(value) => std::slice::from_ref(value),
            None => &[],
        }
    }
}

fn typed(schema: &Value, text: &str) -> Value {
    let number = text
        .parse::<i64>()
        .ok()
        .filter(|_| validate::kind(schema) == "integer");
    number.map_or_else(|| json!(text), |number| json!(number))
}
