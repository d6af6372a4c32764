//! The records of one collection, as one request sees them.

mod checks;
mod removal;

use gardien_store::{Document, Documents};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Sandbox;
use crate::answers::Refusal;
use crate::collection::{Collection, Fields, Made, Owner, Parent, fields};
use crate::form::Sent;
use crate::paging::Paging;
use crate::projects::PROJECTS;
use crate::query::Query;
use crate::specification::{Contract, Specification};
use crate::validate::FieldErrors;
use crate::{images, time};

/// Rows read at once where a whole collection is walked.
const BATCH: u32 = 500;

/// A collection within reach of a request.
pub(crate) struct Records<'a> {
    sandbox: &'a Sandbox,
    collection: &'static Collection,
    contract: &'a Contract,
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
        contract: &'a Contract,
        named: Option<i64>,
        parent: Option<&str>,
    ) -> Result<Self, Refusal> {
        let project = match (collection.owner, named) {
            (Owner::Organization, _) => None,
            (_, Some(project)) => {
                let known = sandbox.documents.get(PROJECTS.name, project).await?;
                known.ok_or(Refusal::NotFound)?;
                Some(project)
            }
            (_, None) => {
                let field = "X-Phare-Project-Id";
                let message = format!("The {field} field is required.");
                return Err(Refusal::Invalid(FieldErrors::one(field, message)));
            }
        };
        let mut records = Self {
            sandbox,
            collection,
            contract,
            project,
            parent: None,
            now: sandbox.now(),
        };
        records.parent = records.parent(parent.unwrap_or_default()).await?;
        Ok(records)
    }

    async fn parent(&self, named: &str) -> Result<Option<(&'static str, Value)>, Refusal> {
        match &self.collection.parent {
            None => Ok(None),
            Some(Parent::Choice { field, schema }) => {
                let choices = self.specification().named(schema)["enum"].as_array();
                choices
                    .is_some_and(|choices| choices.iter().any(|choice| choice == named))
                    .then(|| Some((*field, json!(named))))
                    .ok_or(Refusal::NotFound)
            }
            Some(Parent::Record {
                field, collection, ..
            }) => {
                let id = named.parse().map_err(|_| Refusal::NotFound)?;
                let parent = self.documents().get(collection.name, id).await?;
                parent
                    .filter(|parent| parent.project == self.project)
                    .map(|parent| Some((*field, json!(parent.id))))
                    .ok_or(Refusal::NotFound)
            }
        }
    }

    pub(crate) async fn list(&self, paging: &Paging, query: &Query) -> Result<Value, Refusal> {
        let filters: Vec<_> = self
            .collection
            .filters
            .iter()
            .map(|(name, field)| (*field, query.values(name)))
            .filter(|(_, wanted)| !wanted.is_empty())
            .collect();
        let plain = self.collection.owner != Owner::Either && self.parent.is_none();
        let documents = if filters.is_empty() && plain {
            self.documents()
                .list(
                    self.collection.name,
                    self.project,
                    paging.offset(),
                    paging.rows(),
                )
                .await?
        } else {
            let keeps = |document: &Document| {
                let record = self.derived(document);
                filters
                    .iter()
                    .all(|(field, wanted)| holds(record.get(*field), wanted))
            };
            self.all(keeps)
                .await?
                .into_iter()
                .skip(usize::try_from(paging.offset()).unwrap_or(usize::MAX))
                .take(paging.rows() as usize)
                .collect()
        };
        let page = self.contract.answered.as_ref();
        let row = page.map_or(&Value::Null, |page| &page["properties"]["data"]["items"]);
        let rows = documents.iter().map(|document| self.shown(row, document));
        Ok(paging.body(rows.collect()))
    }

    pub(crate) async fn create(&self, sent: Sent) -> Result<Value, Refusal> {
        let _writing = self.sandbox.writing.lock().await;
        let record = self.checked(sent.fields.clone(), &sent, None).await?;
        let mut body = match &self.collection.made {
            Made::Alone(made) => made(&record),
            Made::Among(made) => made(&record, &self.all(|_| true).await?),
        };
        body.extend(record);
        if let Some((field, value)) = &self.parent {
            body.insert((*field).into(), value.clone());
        }
        let now = json!(time::written(self.now));
        body.insert("created_at".into(), now.clone());
        body.insert("updated_at".into(), now);
        self.settle(&mut body, &sent).await?;
        let body = Value::Object(body);
        let document = self
            .documents()
            .insert(self.collection.name, self.kept_under(), &body)
            .await?;
        self.tell_parent(&document).await?;
        Ok(self.answered(&document))
    }

    pub(crate) async fn get(&self, id: i64) -> Result<Value, Refusal> {
        Ok(self.answered(&self.find(id).await?))
    }

    /// Changes the fields that were sent. All rules are held against the whole of the record as it will be.
    pub(crate) async fn update(&self, id: i64, sent: Option<Sent>) -> Result<Value, Refusal> {
        let _writing = self.sandbox.writing.lock().await;
        let mut document = self.find(id).await?;
        let nothing = || FieldErrors::one("body", "The body field is required.");
        let sent = sent.ok_or_else(|| Refusal::Invalid(nothing()))?;
        let specification = self.specification();
        let changeable = self
            .contract
            .taken
            .as_ref()
            .and_then(|schema| specification.properties(schema));
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
        self.keep(&mut document, body).await?;
        Ok(self.answered(&document))
    }

    pub(crate) async fn act(
        &self,
        id: i64,
        change: fn(&mut Fields, Timestamp) -> Result<(), FieldErrors>,
    ) -> Result<Value, Refusal> {
        let _writing = self.sandbox.writing.lock().await;
        let mut document = self.find(id).await?;
        let mut body = fields(document.body.take());
        change(&mut body, self.now).map_err(Refusal::Invalid)?;
        self.keep(&mut document, body).await?;
        Ok(self.answered(&document))
    }

    fn documents(&self) -> &'a dyn Documents {
        self.sandbox.documents.as_ref()
    }

    fn specification(&self) -> &'a Specification {
        &self.sandbox.specification
    }

    /// The project that a new record is stored under.
    fn kept_under(&self) -> Option<i64> {
        match self.collection.owner {
            Owner::Project => self.project,
            Owner::Organization | Owner::Either => None,
        }
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
    pub(crate) async fn find(&self, id: i64) -> Result<Document, Refusal> {
        self.documents()
            .get(self.collection.name, id)
            .await?
            .filter(|document| self.reaches(document))
            .ok_or(Refusal::NotFound)
    }

    /// Every record that exists for this request, of those to keep.
    pub(crate) async fn all(
        &self,
        keep: impl Fn(&Document) -> bool,
    ) -> Result<Vec<Document>, Refusal> {
        let keep = |document: &Document| self.reaches(document) && keep(document);
        self.sandbox
            .every(self.collection.name, self.kept_under(), keep)
            .await
    }

    async fn keep(&self, document: &mut Document, mut body: Fields) -> Result<(), Refusal> {
        body.insert("updated_at".into(), json!(time::written(self.now)));
        document.body = Value::Object(body);
        self.documents()
            .replace(self.collection.name, document.id, &document.body)
            .await?;
        Ok(())
    }

    async fn settle(&self, body: &mut Fields, sent: &Sent) -> Result<(), Refusal> {
        let pictures = self.collection.images;
        images::keep(self.documents(), self.project, pictures, body, &sent.files).await?;
        (self.collection.settle)(body, self.project);
        Ok(())
    }

    async fn tell_parent(&self, child: &Document) -> Result<(), Refusal> {
        if let Some(Parent::Record {
            field,
            collection,
            told,
        }) = &self.collection.parent
            && let Some(id) = child.body[*field].as_i64()
            && let Some(parent) = self.documents().get(collection.name, id).await?
        {
            let mut body = fields(parent.body);
            told(&mut body, &fields(child.body.clone()));
            body.insert("updated_at".into(), json!(time::written(self.now)));
            self.documents()
                .replace(collection.name, id, &Value::Object(body))
                .await?;
        }
        Ok(())
    }

    /// A record's fields with those that follow from them and from the time.
    pub(crate) fn derived(&self, document: &Document) -> Fields {
        let mut record = fields(document.body.clone());
        (self.collection.derive)(&mut record, document.id, self.now);
        record
    }

    pub(crate) fn answered(&self, document: &Document) -> Value {
        let schema = self.contract.answered.as_ref().unwrap_or(&Value::Null);
        self.shown(schema, document)
    }

    /// A record as `schema` shows it: its fields and no others, in its order.
    fn shown(&self, schema: &Value, document: &Document) -> Value {
        let mut record = self.derived(document);
        let mut shown = Fields::new();
        for (name, field) in self
            .specification()
            .properties(schema)
            .into_iter()
            .flatten()
        {
            let value = match name.as_str() {
                "id" => Some(json!(document.id)),
                "project_id" => Some(json!(self.project_of(document))),
                name => record.remove(name),
            };
            if let Some(value) = value.or_else(|| self.specification().absent(field)) {
                shown.insert(name.clone(), value);
            }
        }
        Value::Object(shown)
    }
}

impl Sandbox {
    /// Every document of a collection, of those to keep.
    async fn every(
        &self,
        collection: &str,
        project: Option<i64>,
        keep: impl Fn(&Document) -> bool,
    ) -> Result<Vec<Document>, Refusal> {
        let mut kept = Vec::new();
        for batch in 0.. {
            let offset = batch * u64::from(BATCH);
            let documents = self
                .documents
                .list(collection, project, offset, BATCH)
                .await?;
            let last = documents.len() < BATCH as usize;
            kept.extend(documents.into_iter().filter(&keep));
            if last {
                break;
            }
        }
        Ok(kept)
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
