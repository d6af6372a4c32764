//! Fields of a query, as the specification has them.

use serde_json::{Map, Value};

use crate::fields::FieldErrors;
use crate::form::typed;
use crate::specification::{Contract, Specification, kind};
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
    ) -> Result<Self, FieldErrors> {
        let sent = form_urlencoded::parse(query.as_bytes()).into_owned();
        let sent: Vec<(String, String)> = sent.collect();
        let mut fields = Map::new();
        let known = specification.properties(&contract.queried);
        for (name, schema) in known.into_iter().flatten() {
            let schema = specification.resolve(schema);
            let sent = sent.iter().filter(|(field, _)| field == name);
            let mut values = sent.map(|(_, value)| value.trim());
            let text = if kind(schema) == "array" {
                let items = values.flat_map(|list| list.split(',')).map(str::trim);
                let items: Vec<&str> = items.filter(|item| !item.is_empty()).collect();
                (!items.is_empty()).then(|| items.join(","))
            } else {
                values.next_back().map(str::to_owned)
            };
            if let Some(text) = text {
                fields.insert(name.clone(), typed(specification, schema, text.into()));
            }
        }
        let fields = Value::Object(fields);
        let fields = validate::check(specification, &contract.queried, fields)?;
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
