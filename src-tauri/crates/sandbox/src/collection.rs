//! The table of what the sandbox offers, one row a collection.
//!
//! A row says where the collection lies and what the specification cannot say about it: the fields that the server
//! makes, rules across fields, actions. All else is read from the specification.

use gardien_domain::Operation;
use gardien_domain::operation::Method;
use gardien_store::Document;
use serde_json::{Map, Value};

use crate::validate::{FieldErrors, Shape};
use crate::{monitors, projects, users};

/// The collections on offer.
pub(crate) const COLLECTIONS: &[&Collection] =
    &[&projects::PROJECTS, &users::USERS, &monitors::MONITORS];

/// The fields of a record.
pub(crate) type Fields = Map<String, Value>;

/// An action on a record: the last segment of its path, and the change it makes.
pub(crate) type Action = (&'static str, fn(&mut Fields));

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Collection {
    /// Name in the store.
    pub(crate) name: &'static str,
    /// Path of the listing. A record's path is this and its id.
    pub(crate) path: &'static str,
    /// Whose the records are.
    pub(crate) owner: Owner,
    /// Query fields that narrow the listing, each with the record's field it looks at.
    pub(crate) filters: &'static [(&'static str, &'static str)],
    /// The fields of a new record that the server makes, from those that were sent.
    pub(crate) made: Made,
    /// Fields whose schema another field decides.
    pub(crate) shapes: &'static [Shape],
    /// Rules that hold between fields or that the specification leaves out.
    pub(crate) rules: &'static [fn(&Fields, &mut FieldErrors)],
    /// What can be done to a record.
    pub(crate) actions: &'static [Action],
}

/// Whose records are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The organization's: every key sees them all.
    Organization,
    /// One project's: elsewhere they do not exist.
    Project,
}

/// How the server makes its part of a new record.
#[derive(Debug)]
pub(crate) enum Made {
    /// By the record alone.
    Alone(fn(&Fields) -> Fields),
    /// With a look at every other record.
    Among(fn(&Fields, &[Document]) -> Fields),
}

/// One thing to do with a collection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    List,
    Create,
    Get,
    Update,
    Delete,
    Act(fn(&mut Fields)),
}

impl Collection {
    /// What an operation does with this collection, if it is about it and offered.
    pub(crate) fn step(&self, operation: &Operation) -> Option<Step> {
        let rest = operation.path.strip_prefix(self.path)?;
        let mut segments = rest.split('/').skip(1);
        match (segments.next(), segments.next(), operation.method) {
            (None, _, Method::Get) => Some(Step::List),
            (None, _, Method::Post) => Some(Step::Create),
            (Some(_), None, Method::Get) => Some(Step::Get),
            (Some(_), None, Method::Post) => Some(Step::Update),
            (Some(_), None, Method::Delete) => Some(Step::Delete),
            (Some(_), Some(verb), Method::Post) => self
                .actions
                .iter()
                .find(|(name, _)| *name == verb)
                .map(|(_, change)| Step::Act(*change)),
            _ => None,
        }
    }
}

/// Fields from a JSON object literal.
pub(crate) fn fields(object: Value) -> Fields {
    match object {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}
