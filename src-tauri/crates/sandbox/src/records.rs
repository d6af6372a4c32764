//! The records of one collection, as one request sees them.

use gardien_store::{Document, Documents};
use serde_json::{Value, json};

use crate::Sandbox;
use crate::answers::Refusal;
use crate::collection::{Collection, Fields, Made, Owner, fields};
use crate::paging::Paging;
use crate::projects::PROJECTS;
use crate::specification::{Contract, Specification};
use crate::validate::{self, FieldErrors};

/// Rows read at once where a whole collection is walked.
const BATCH: u32 = 500;

/// A collection within reach of a request.
pub(crate) struct Records<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) collection: &'static Collection,
    pub(crate) contract: &'a Contract,
    /// The project whose records these are; `None` for the organization's.
    project: Option<i64>,
}

impl<'a> Records<'a> {
    /// The collection as seen from the project that the request names.
    pub(crate) async fn open(
        sandbox: &'a Sandbox,
        collection: &'static Collection,
        contract: &'a Contract,
        named: Option<i64>,
    ) -> Result<Self, Refusal> {
        let project = match (collection.owner, named) {
            (Owner::Organization, _) => None,
            (Owner::Project, Some(project)) => {
                let known = sandbox.documents.get(PROJECTS.name, project).await?;
                known.ok_or(Refusal::NotFound)?;
                Some(project)
            }
            (Owner::Project, None) => {
                let field = "X-Phare-Project-Id";
                let message = format!("The {field} field is required.");
                return Err(Refusal::Invalid(FieldErrors::one(field, message)));
            }
        };
        Ok(Self {
            sandbox,
            collection,
            contract,
            project,
        })
    }

    pub(crate) async fn list(
        &self,
        paging: &Paging,
        query: &[(String, String)],
    ) -> Result<Value, Refusal> {
        let filters = self.filters(query);
        let documents = if filters.is_empty() {
            self.documents()
                .list(
                    self.collection.name,
                    self.project,
                    paging.offset(),
                    paging.rows(),
                )
                .await?
        } else {
            self.every(|document| filters.iter().all(|filter| filter.keeps(document)))
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

    pub(crate) async fn create(&self, sent: Fields) -> Result<Value, Refusal> {
        let _writing = self.sandbox.writing.lock().await;
        let sent = self.checked(sent)?;
        let mut body = match &self.collection.made {
            Made::Alone(made) => made(&sent),
            Made::Among(made) => made(&sent, &self.every(|_| true).await?),
        };
        body.extend(sent);
        let now = self.sandbox.now();
        body.insert("created_at".into(), json!(now));
        body.insert("updated_at".into(), json!(now));
        let document = self
            .documents()
            .insert(self.collection.name, self.project, &Value::Object(body))
            .await?;
        Ok(self.answered(&document))
    }

    pub(crate) async fn get(&self, id: i64) -> Result<Value, Refusal> {
        Ok(self.answered(&self.find(id).await?))
    }

    /// Changes the fields that were sent. All rules are held against the whole of the record as it will be.
    pub(crate) async fn update(&self, id: i64, sent: Fields) -> Result<Value, Refusal> {
        let _writing = self.sandbox.writing.lock().await;
        let mut document = self.find(id).await?;
        let specification = self.specification();
        let changeable = self
            .contract
            .taken
            .as_ref()
            .and_then(|schema| specification.properties(schema));
        let mut body = fields(document.body.take());
        let mut wanted = body.clone();
        for (name, value) in sent {
            if let Some(schema) = changeable.and_then(|fields| fields.get(&name)) {
                let value = specification.merged(schema, body.get(&name), value);
                wanted.insert(name, value);
            }
        }
        body.extend(self.checked(wanted)?);
        self.keep(&mut document, body).await?;
        Ok(self.answered(&document))
    }

    pub(crate) async fn act(&self, id: i64, change: fn(&mut Fields)) -> Result<Value, Refusal> {
        let _writing = self.sandbox.writing.lock().await;
        let mut document = self.find(id).await?;
        let mut body = fields(document.body.take());
        change(&mut body);
        self.keep(&mut document, body).await?;
        Ok(self.answered(&document))
    }

    /// Removes a record, and with a project all that belongs to it.
    pub(crate) async fn delete(&self, id: i64) -> Result<(), Refusal> {
        let _writing = self.sandbox.writing.lock().await;
        self.find(id).await?;
        if self.collection.name == PROJECTS.name {
            // Before the project itself: cut short, it can be done again.
            self.documents().delete_of_project(id).await?;
        }
        self.documents().delete(self.collection.name, id).await?;
        Ok(())
    }

    fn documents(&self) -> &dyn Documents {
        self.sandbox.documents.as_ref()
    }

    fn specification(&self) -> &'a Specification {
        &self.sandbox.specification
    }

    /// A record of another project is as good as none.
    async fn find(&self, id: i64) -> Result<Document, Refusal> {
        self.documents()
            .get(self.collection.name, id)
            .await?
            .filter(|document| document.project == self.project)
            .ok_or(Refusal::NotFound)
    }

    async fn every(&self, keep: impl Fn(&Document) -> bool) -> Result<Vec<Document>, Refusal> {
        let mut kept = Vec::new();
        for batch in 0.. {
            let documents = self
                .documents()
                .list(
                    self.collection.name,
                    self.project,
                    batch * u64::from(BATCH),
                    BATCH,
                )
                .await?;
            let last = documents.len() < BATCH as usize;
            kept.extend(documents.into_iter().filter(&keep));
            if last {
                break;
            }
        }
        Ok(kept)
    }

    async fn keep(&self, document: &mut Document, mut body: Fields) -> Result<(), Refusal> {
        body.insert("updated_at".into(), json!(self.sandbox.now()));
        document.body = Value::Object(body);
        self.documents()
            .replace(self.collection.name, document.id, &document.body)
            .await?;
        Ok(())
    }

    /// The fields that a client may set, cleaned and complete.
    fn checked(&self, sent: Fields) -> Result<Fields, Refusal> {
        let schema = self
            .specification()
            .creation(self.collection.path)
            .unwrap_or(&Value::Null);
        let shapes = self.collection.shapes;
        let checked = validate::check(self.specification(), schema, shapes, Value::Object(sent));
        let record = fields(checked.map_err(Refusal::Invalid)?);
        let mut errors = FieldErrors::default();
        for rule in self.collection.rules {
            rule(&record, &mut errors);
        }
        if errors.is_empty() {
            Ok(record)
        } else {
            Err(Refusal::Invalid(errors))
        }
    }

    fn answered(&self, document: &Document) -> Value {
        let schema = self.contract.answered.as_ref().unwrap_or(&Value::Null);
        self.shown(schema, document)
    }

    /// A record as `schema` shows it: its fields and no others, in its order.
    fn shown(&self, schema: &Value, document: &Document) -> Value {
        let mut shown = Fields::new();
        for (name, field) in self
            .specification()
            .properties(schema)
            .into_iter()
            .flatten()
        {
            let value = match name.as_str() {
                "id" => Some(json!(document.id)),
                "project_id" => Some(json!(document.project)),
                name => document.body.get(name).cloned(),
            };
            if let Some(value) = value.or_else(|| self.specification().absent(field)) {
                shown.insert(name.clone(), value);
            }
        }
        Value::Object(shown)
    }

    /// The filters that a query asks for. A field may be repeated, or hold several values with commas between.
    fn filters(&self, query: &[(String, String)]) -> Vec<Filter> {
        let wanted = |name: &str| -> Vec<String> {
            query
                .iter()
                .filter(|(sent, _)| sent == name)
                .flat_map(|(_, values)| values.split(','))
                .map(|value| value.trim().to_lowercase())
                .filter(|value| !value.is_empty())
                .collect()
        };
        self.collection
            .filters
            .iter()
            .map(|(name, field)| Filter {
                field,
                values: wanted(name),
            })
            .filter(|filter| !filter.values.is_empty())
            .collect()
    }
}

/// Keeps the records whose field has one of the values, letter case aside.
struct Filter {
    field: &'static str,
    values: Vec<String>,
}

impl Filter {
    fn keeps(&self, document: &Document) -> bool {
        let value = match &document.body[self.field] {
            Value::String(text) => text.to_lowercase(),
            other => other.to_string(),
        };
        self.values.contains(&value)
    }
}
