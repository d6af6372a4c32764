//! The table of what the sandbox offers, one row a collection.
//!
//! A row says where the collection lies and what the specification cannot say about it: the fields that the server
//! makes, rules across fields, actions. All else is read from the specification. The three answers that are figures
//! instead of records are in `figures.rs`.

use gardien_domain::Operation;
use gardien_domain::operation::Method;
use gardien_store::Document;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::images::Image;
use crate::references::Reference;
use crate::validate::{FieldErrors, Shape};
use crate::{
    alert_rules, incidents, integrations, maintenance_windows, monitors, projects, status_pages,
    users,
};

/// The collections on offer.
pub(crate) const COLLECTIONS: &[&Collection] = &[
    &projects::PROJECTS,
    &users::USERS,
    &integrations::INTEGRATIONS,
    &alert_rules::ALERT_RULES,
    &monitors::MONITORS,
    &incidents::INCIDENTS,
    &incidents::UPDATES,
    &maintenance_windows::MAINTENANCE_WINDOWS,
    &status_pages::STATUS_PAGES,
];

/// The fields of a record.
pub(crate) type Fields = Map<String, Value>;

/// An action on a record: the last segment of its path, and the change it makes if the record is in a state for it.
pub(crate) type Action = (
    &'static str,
    fn(&mut Fields, Timestamp) -> Result<(), FieldErrors>,
);

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Collection {
    /// Name in the store.
    pub(crate) name: &'static str,
    /// Path of the listing. A record's path is this and its id.
    pub(crate) path: &'static str,
    /// Whose the records are.
    pub(crate) owner: Owner,
    /// What the path of the listing names besides, if it does.
    pub(crate) parent: Option<Parent>,
    /// Query fields that narrow the listing, each with the record's field it looks at.
    pub(crate) filters: &'static [(&'static str, &'static str)],
    /// The fields of a new record that the server makes, from those that were sent.
    pub(crate) made: Made,
    /// Fields whose schema another field decides.
    pub(crate) shapes: &'static [Shape],
    /// Fields that hold ids of other records.
    pub(crate) references: &'static [Reference],
    /// A field that no two records of the whole sandbox share.
    pub(crate) unique: Option<&'static str>,
    /// Fields that take a picture.
    pub(crate) images: &'static [Image],
    /// Rules that hold between fields or that the specification leaves out.
    pub(crate) rules: &'static [fn(&Fields, &mut FieldErrors)],
    /// Turns what was sent into what is kept, of a record with its times, seen from this project.
    pub(crate) settle: fn(&mut Fields, Option<i64>),
    /// Adds what follows from a record's id, its fields and the time.
    pub(crate) derive: fn(&mut Fields, i64, Timestamp),
    /// What can be done to a record.
    pub(crate) actions: &'static [Action],
}

/// A row that adds nothing to the specification: the ground for the others.
pub(crate) const PLAIN: Collection = Collection {
    name: "",
    path: "",
    owner: Owner::Project,
    parent: None,
    filters: &[],
    made: Made::Alone(|_| Fields::new()),
    shapes: &[],
    references: &[],
    unique: None,
    images: &[],
    rules: &[],
    settle: |_, _| {},
    derive: |_, _, _| {},
    actions: &[],
};

/// Whose records are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The organization's: every key sees them all.
    Organization,
    /// One project's: elsewhere they do not exist.
    Project,
    /// Each says so in `project_id`: null makes it the organization's. Kept under no project, so that it can move.
    Either,
}

/// What the path of a listing names.
#[derive(Debug)]
pub(crate) enum Parent {
    /// One of the values that a schema of the specification lists.
    Choice {
        /// The record's field that holds it.
        field: &'static str,
        /// Name of the schema.
        schema: &'static str,
    },
    /// Another record, and all of this go with it.
    Record {
        /// The record's field that holds its id.
        field: &'static str,
        /// Where it is.
        collection: &'static Collection,
        /// What a new record changes about it.
        told: fn(&mut Fields, &Fields),
    },
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
    Act(Action),
}

impl Collection {
    /// What an operation does with this collection, if it is about it.
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
                .map(|action| Step::Act(*action)),
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
