//! What a row of the table says: where a collection lies and what the specification cannot say about it.

use gardien_domain::Operation;
use gardien_domain::operation::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fields::{FieldErrors, Fields};
use crate::images::Image;
use crate::references::Reference;

/// An action on a record: the last segment of its path, and the change it makes if the record is in a state for it.
pub(crate) type Action = (&'static str, Change);

/// A change of a record at a time.
pub(crate) type Change = fn(&mut Fields, Timestamp) -> Result<(), FieldErrors>;

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
    pub(crate) made: fn(&Fields) -> Value,
    /// Fields that hold ids of other records.
    pub(crate) references: &'static [Reference],
    /// A text that no two records of the whole sandbox share: refused when sent, numbered when the server makes it.
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
    made: |_| json!({}),
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

/// What the path of a listing names, kept in a field of the record.
#[derive(Debug)]
pub(crate) enum Parent {
    /// One of the values that a schema of the specification lists.
    Choice {
        field: &'static str,
        schema: &'static str,
    },
    /// Another record by its id, and all of this go with it.
    Record {
        field: &'static str,
        collection: &'static Collection,
        /// What a new record changes about it.
        told: fn(&mut Fields, &Fields),
    },
}

/// One thing to do with a collection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    List,
    Create,
    Get,
    Update,
    Delete,
    Act(Change),
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
            (Some(_), Some(verb), Method::Post) => {
                let (_, change) = self.actions.iter().find(|(name, _)| *name == verb)?;
                Some(Step::Act(*change))
            }
            _ => None,
        }
    }
}
