//! The official Terraform provider v0.0.12: phare/terraform-provider-phare, internal/client, internal/provider/resources
//! and internal/provider/datasources. Go's net/http with a JSON content type and Accept on every call, GET and DELETE
//! too; the project by id or slug with an organization key, by nothing with a project key, and never for projects, users
//! and integrations. Every attribute of the state is what a creation or update answered, so a plan is empty only while
//! reading answers the same; images go up in a form after the JSON.

use serde_json::{Value, json};

use super::{Client, Library, shop_key};
use crate::support::wire::Heard;
use crate::support::world::World;
use form::{BOUNDARY, File, fields, form};

mod data_sources;
pub(super) mod form;
mod resources;
mod status_pages;

const MONITORS: &str = "/uptime/monitors";
const PAGES: &str = "/uptime/status-pages";

/// The provider with one key and one project scope.
struct Provider(Client);

/// A resource as Terraform has it: where it is, and the bytes that its attributes were read from.
struct State {
    path: String,
    bytes: Vec<u8>,
}

impl State {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

impl Provider {
    fn new(client: Client) -> Self {
        let agent = "terraform-provider-phare/0.0.12 (Terraform/1.11.4)";
        Self(
            client
                .with("User-Agent", agent)
                .with("Accept", "application/json")
                .with("Content-Type", "application/json"),
        )
    }

    /// With an organization key and no project scope.
    async fn everywhere(world: &World) -> Self {
        let key = world.organization_key().await;
        Self::new(Client::new(Library::Go, world, &key))
    }

    /// With a project key, and with an organization key that has the project by its slug and by its id.
    async fn scoped(world: &World) -> [Self; 3] {
        let key = shop_key(world, "read_write", "read_write").await;
        let Self(everywhere) = Self::everywhere(world).await;
        let id = world.shop.id.to_string();
        [
            Self::new(Client::new(Library::Go, world, &key)),
            Self(
                everywhere
                    .clone()
                    .with("X-Phare-Project-Slug", &world.shop.slug),
            ),
            Self(everywhere.with("X-Phare-Project-Id", &id)),
        ]
    }

    async fn create(&self, path: &str, body: &str) -> State {
        let made = self.0.send("POST", path, Some(body.as_bytes())).await;
        let state = bytes(made, 201);
        let made: Value = serde_json::from_slice(&state).unwrap();
        has(&made, &serde_json::from_str(body).unwrap());
        State {
            path: format!("{path}/{}", made["id"].as_i64().unwrap()),
            bytes: state,
        }
    }

    /// Reads the resource for a plan, and insists that the plan is empty.
    async fn plan(&self, state: &State) {
        let read = bytes(self.0.get(&state.path).await, 200);
        assert_eq!(
            String::from_utf8_lossy(&read),
            String::from_utf8_lossy(&state.bytes),
            "the plan is not empty"
        );
    }

    async fn update(&self, state: &mut State, body: &str) {
        let updated = self
            .0
            .send("POST", &state.path, Some(body.as_bytes()))
            .await;
        let before = state.json();
        state.bytes = bytes(updated, 200);
        let after = state.json();
        has(&after, &serde_json::from_str(body).unwrap());
        for kept in ["id", "project_id", "slug", "created_at"] {
            assert_eq!(after.get(kept), before.get(kept), "{kept}");
        }
    }

    /// Gone is what a second deletion takes for done.
    async fn delete(&self, state: State) {
        self.0.delete(&state.path).await.expect(204);
        for gone in [
            self.0.get(&state.path).await,
            self.0.delete(&state.path).await,
        ] {
            let gone = gone.expect(404);
            assert_eq!(gone, json!({ "message": "Resource not found" }));
        }
    }

    /// The whole life of a resource; what is not to change is sent again with what is.
    async fn life(&self, path: &str, body: &Value, change: &Value) {
        let mut state = self.create(path, &go_json(body)).await;
        self.plan(&state).await;
        let mut wanted = body.clone();
        for (field, value) in change.as_object().unwrap() {
            wanted[field] = value.clone();
        }
        self.update(&mut state, &go_json(&wanted)).await;
        self.plan(&state).await;
        self.delete(state).await;
    }

    /// The form after the JSON. Of its answer the provider takes `updated_at` and nothing else.
    async fn upload(&self, state: &mut State, page: &Value, removed: &[&str], files: &[File<'_>]) {
        let client = self.0.clone().with(
            "Content-Type",
            &format!("multipart/form-data; boundary={BOUNDARY}"),
        );
        let body = form(&fields(page, removed), files);
        let answer = client.send("POST", &state.path, Some(&body)).await;
        let answer = answer.expect(200);
        let mut expected = state.json();
        expected["updated_at"] = answer["updated_at"].clone();
        state.bytes = expected.to_string().into_bytes();
    }
}

fn bytes(heard: Heard, status: u16) -> Vec<u8> {
    let bytes = heard.body.clone();
    heard.expect(status);
    bytes
}

/// JSON as Go writes it: no space, and three characters never as they are.
fn go_json(value: &Value) -> String {
    value
        .to_string()
        .replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
}

/// Every value that was sent is in the answer, lists whole and in their order, but for what never comes back.
#[track_caller]
fn has(answer: &Value, sent: &Value) {
    match (answer, sent) {
        (Value::Object(answered), Value::Object(fields)) => {
            for (field, value) in fields {
                if ["scope", "access_token", "access_password"].contains(&field.as_str()) {
                    assert_eq!(answered.get(field), None, "{field}");
                } else {
                    has(&answer[field], value);
                }
            }
        }
        (Value::Array(items), Value::Array(wanted)) => {
            assert_eq!(items.len(), wanted.len(), "{answer:#}");
            for (item, wanted) in items.iter().zip(wanted) {
                has(item, wanted);
            }
        }
        _ => assert_eq!(answer, sent),
    }
}
