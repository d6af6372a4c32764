//! The records of one collection, as one request sees them.

mod checks;
mod removal;

use gardien_store::{Document, Documents, StoreError};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answers::Rejection;
use crate::collection::{Change, Collection, Owner, Parent};
use crate::fields::{FieldErrors, Fields, fields};
use crate::form::Sent;
use crate::projects::PROJECTS;
use crate::query::Query;
use crate::sandbox::Sandbox;
use crate::specification::Specification;
use crate::users::{USERS, users};
use crate::{images, time};

/// The field of a document with what was sent beyond the specification, as it came.
const BEYOND: &str = "beyond";

/// A collection within reach of a request.
pub(crate) struct Records<'a> {
    sandbox: &'a Sandbox,
    collection: &'static Collection,
    /// The project that the request is about; `None` for what is the organization's alone.
    project: Option<i64>,
    /// The field that holds what the path names, and what it names.
    parent: Option<(&'static str, Value)>,
    now: Timestamp,
}

impl<'a> Records<'a> {
    /// The collection as seen from the project that the request names, under the parent that its path names.
    pub(crate) async fn open(
        sandbox: &'a Sandbox,
        collection: &'static Collection,
        named: Option<i64>,
        parent: Option<&str>,
    ) -> Result<Self, Rejection> {
        let project = match (collection.owner, named) {
            (Owner::Organization, _) => None,
            (_, Some(project)) => {
                let known = sandbox.documents.get(PROJECTS.name, project).await?;
                Some(known.ok_or(Rejection::NotFound)?.id)
            }
            (_, None) => {
                let field = "X-Phare-Project-Id";
                let message = format!("The {field} field is required.");
                return Err(FieldErrors::one(field, message).into());
            }
        };
        let mut records = Self {
            sandbox,
            collection,
            project,
            parent: None,
            now: sandbox.now(),
        };
        if let Some(kind) = &collection.parent {
            let found = records.parent(kind, parent.unwrap_or_default()).await?;
            records.parent = Some(found.ok_or(Rejection::NotFound)?);
        }
        Ok(records)
    }

    async fn parent(
        &self,
        parent: &Parent,
        named: &str,
    ) -> Result<Option<(&'static str, Value)>, StoreError> {
        match parent {
            Parent::Choice { field, schema } => {
                let (named, choices) = (json!(named), self.specification().choices(schema));
                Ok(choices.contains(&named).then_some((*field, named)))
            }
            Parent::Record {
                field, collection, ..
            } => {
                let Ok(id) = named.parse() else {
                    return Ok(None);
                };
                let parent = self.documents().get(collection.name, id).await?;
                let parent = parent.filter(|parent| parent.project == self.project);
                Ok(parent.map(|parent| (*field, json!(parent.id))))
            }
        }
    }

    /// The records of the page that the query asks for, one more if another page follows.
    pub(crate) async fn list(&self, query: &Query) -> Result<Vec<Document>, StoreError> {
        let filters = self.collection.filters.iter();
        let filters: Vec<_> = filters
            .map(|(name, field)| (*field, query.values(name)))
            .filter(|(_, wanted)| !wanted.is_empty())
            .collect();
        let (offset, rows) = (query.offset(), query.rows());
        let paged_by_store =
            self.collection.owner != Owner::Either && self.parent.is_none() && !self.is_users();
        if filters.is_empty() && paged_by_store {
            let (documents, name) = (self.documents(), self.collection.name);
            return documents.list(name, self.project, offset, rows).await;
        }
        let mut all = self.all().await?;
        all.retain(|document| {
            let record = self.derived(document);
            let mut filters = filters.iter();
            filters.all(|(field, wanted)| holds(record.get(*field), wanted))
        });
        let before = usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(all.into_iter().skip(before).take(rows as usize).collect())
    }

    pub(crate) async fn create(&self, sent: Sent) -> Result<Document, Rejection> {
        let _writing = self.sandbox.writing.lock().await;
        let record = self.checked(sent.fields.clone(), &sent, None).await?;
        let mut body = fields((self.collection.made)(&record));
        self.number(&mut body).await?;
        body.extend(record);
        if let Some((field, value)) = &self.parent {
            body.insert((*field).into(), value.clone());
        }
        let now = json!(time::written(self.now));
        body.insert("created_at".into(), now.clone());
        body.insert("updated_at".into(), now);
        self.settle(&mut body, &sent).await?;
        let (documents, name) = (self.documents(), self.collection.name);
        let (project, body) = (self.kept_under(), Value::Object(body));
        let document = documents.insert(name, project, &body).await?;
        self.tell_parent(&document).await?;
        Ok(document)
    }

    /// Changes the fields that were sent and that `changeable` has. All rules but patterns are held against the whole of
    /// the record as it will be.
    pub(crate) async fn update(
        &self,
        id: i64,
        changeable: &Value,
        sent: Option<Sent>,
    ) -> Result<Document, Rejection> {
        let _writing = self.sandbox.writing.lock().await;
        let mut document = self.find(id).await?;
        let nothing = || FieldErrors::one("body", "The body field is required.");
        let sent = sent.ok_or_else(nothing)?;
        let specification = self.specification();
        let changeable = specification.properties(changeable);
        let mut body = fields(document.body.take());
        let mut wanted = body.clone();
        for (name, value) in &sent.fields {
            if let Some(schema) = changeable.and_then(|fields| fields.get(name)) {
                let value = specification.merged(schema, body.get(name), value.clone());
                wanted.insert(name.clone(), value);
            }
        }
        let mut checked = self.checked(wanted, &sent, Some(id)).await?;
        // What was neither sent nor there before is not set by a change of something else.
        checked.retain(|name, _| sent.fields.contains_key(name) || body.contains_key(name));
        body.extend(checked);
        self.settle(&mut body, &sent).await?;
        self.replace(self.collection, &mut document, body).await?;
        Ok(document)
    }

    pub(crate) async fn act(&self, id: i64, change: Change) -> Result<Document, Rejection> {
        let _writing = self.sandbox.writing.lock().await;
        let mut document = self.find(id).await?;
        let mut body = fields(document.body.take());
        change(&mut body, self.now)?;
        self.replace(self.collection, &mut document, body).await?;
        Ok(document)
    }

    fn documents(&self) -> &'a dyn Documents {
        self.sandbox.documents.as_ref()
    }

    fn specification(&self) -> &'a Specification {
        &self.sandbox.specification
    }

    /// Whether the records are the members of the organization, of whom the documents hold only numbers.
    fn is_users(&self) -> bool {
        self.collection.name == USERS.name
    }

    /// The project that a new record is stored under.
    fn kept_under(&self) -> Option<i64> {
        self.project
            .filter(|_| self.collection.owner == Owner::Project)
    }

    /// Whose a record is.
    fn project_of(&self, document: &Document) -> Option<i64> {
        match self.collection.owner {
            Owner::Either => document.body["project_id"].as_i64(),
            Owner::Organization | Owner::Project => document.project,
        }
    }

    /// Whether a record exists for this request: one of another project, or under another parent, does not.
    fn reaches(&self, document: &Document) -> bool {
        let project = self.project_of(document);
        let shared = self.collection.owner == Owner::Either && project.is_none();
        let in_project = shared || project == self.project;
        let parent = self.parent.as_ref();
        in_project && parent.is_none_or(|(field, value)| document.body[*field] == *value)
    }

    /// A record that exists for this request.
    pub(crate) async fn find(&self, id: i64) -> Result<Document, Rejection> {
        self.look(id).await?.ok_or(Rejection::NotFound)
    }

    /// A record, if it exists for this request.
    pub(crate) async fn look(&self, id: i64) -> Result<Option<Document>, StoreError> {
        if self.is_users() {
            let mut users = self.all().await?.into_iter();
            return Ok(users.find(|user| user.id == id));
        }
        let found = self.documents().get(self.collection.name, id).await?;
        Ok(found.filter(|document| self.reaches(document)))
    }

    /// Every record that exists for this request.
    pub(crate) async fn all(&self) -> Result<Vec<Document>, StoreError> {
        if self.is_users() {
            return users(self.sandbox).await;
        }
        let all = self.sandbox.every(self.collection.name, self.kept_under());
        let mut all = all.await?;
        all.retain(|document| self.reaches(document));
        Ok(all)
    }

    async fn replace(
        &self,
        collection: &Collection,
        document: &mut Document,
        mut body: Fields,
    ) -> Result<(), StoreError> {
        body.insert("updated_at".into(), json!(time::written(self.now)));
        document.body = Value::Object(body);
        let (name, body) = (collection.name, &document.body);
        self.documents().replace(name, document.id, body).await?;
        Ok(())
    }

    async fn settle(&self, body: &mut Fields, sent: &Sent) -> Result<(), StoreError> {
        let pictures = self.collection.images;
        images::keep(self.documents(), self.project, pictures, body, &sent.files).await?;
        (self.collection.settle)(body, self.project);
        self.keep_beyond(body, &sent.fields);
        Ok(())
    }

    /// Keeps what the specification does not know: later clients send it and expect it back. Apart from what it knows,
    /// so that no name in it can stand for a field that the server makes.
    fn keep_beyond(&self, body: &mut Fields, sent: &Fields) {
        let knows = |name: &str| self.specification().knows(self.collection.path, name);
        let mut beyond = fields(body.remove(BEYOND).unwrap_or_default());
        for (name, value) in sent.iter().filter(|(name, _)| !knows(name)) {
            beyond.insert(name.clone(), value.clone());
        }
        if !beyond.is_empty() {
            body.insert(BEYOND.into(), Value::Object(beyond));
        }
    }

    async fn tell_parent(&self, child: &Document) -> Result<(), StoreError> {
        if let Some(Parent::Record {
            field,
            collection,
            told,
        }) = &self.collection.parent
            && let Some(id) = child.body[*field].as_i64()
            && let Some(mut parent) = self.documents().get(collection.name, id).await?
        {
            let mut body = fields(parent.body.take());
            told(&mut body, &fields(child.body.clone()));
            self.replace(collection, &mut parent, body).await?;
        }
        Ok(())
    }

    /// A record's fields with those that follow from them and from the time.
    pub(crate) fn derived(&self, document: &Document) -> Fields {
        let mut record = fields(document.body.clone());
        (self.collection.derive)(&mut record, document.id, self.now);
        record
    }

    /// A record as `schema` shows it: its fields in its order, then what was sent beyond the specification.
    pub(crate) fn shown(&self, schema: &Value, document: &Document) -> Value {
        let mut record = self.derived(document);
        record.insert("id".into(), json!(document.id));
        record.insert("project_id".into(), json!(self.project_of(document)));
        let schema = self.specification().properties(schema);
        let mut shown = Fields::new();
        for (name, field) in schema.into_iter().flatten() {
            let value = record.remove(name);
            let value = value.or_else(|| self.specification().absent(field));
            shown.extend(value.map(|value| (name.clone(), value)));
        }
        for (name, value) in fields(record.remove(BEYOND).unwrap_or_default()) {
            shown.entry(name).or_insert(value);
        }
        Value::Object(shown)
    }
}

/// Whether a field has, or lists, one of the values, letter case aside.
fn holds(field: Option<&Value>, wanted: &[Value]) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => text.to_lowercase(),
        other => other.to_string(),
    };
    let is_wanted = |value: &Value| wanted.iter().any(|wanted| text(wanted) == text(value));
    match field {
        Some(Value::Array(items)) => items.iter().any(is_wanted),
        Some(value) => is_wanted(value),
        None => false,
    }
}
