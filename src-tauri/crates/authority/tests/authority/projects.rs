//! Projects, while another process changes them as well: Phare is asked once, and the newest word stays.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use gardien_authority::UpstreamIdentity;
use gardien_domain::ProjectId;
use gardien_domain::phare_key::Need;
use gardien_phare::client::{BoxError, Exchange};
use gardien_store::{Change, Store};
use http::{Method, Request, Response};
use serde_json::{Value, json};

use crate::failing::Meanwhile;
use crate::world::{World, system, system_record};

/// A Phare with two projects, that writes down what it is asked.
#[derive(Default)]
pub(crate) struct Phare {
    pub(crate) asked: Mutex<Vec<String>>,
    /// What another process does before Phare answers.
    pub(crate) meanwhile: Mutex<Option<Meanwhile>>,
    /// It does not answer.
    pub(crate) down: AtomicBool,
}

impl std::fmt::Debug for Phare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.asked.fmt(f)
    }
}

fn project(id: i64, name: &str) -> Value {
    json!({ "id": id, "slug": format!("project-{id}"), "name": name, "created_at": "2026-01-01T00:00:00Z" })
}

#[async_trait]
impl Exchange for Phare {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        _: Need,
    ) -> Result<Response<Bytes>, BoxError> {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile.await;
        }
        let (method, path) = (request.method(), request.uri().path());
        let asked = format!("{method} {path}");
        self.asked.lock().unwrap().push(asked);
        if self.down.load(Ordering::SeqCst) {
            return Err("down".into());
        }
        let answer = match (method, path) {
            (&Method::POST, "/projects") => project(3, "Third"),
            (&Method::POST, _) => project(1, "Renamed"),
            (&Method::DELETE, _) => Value::Null,
            (_, "/users") => json!({ "data": [{ "id": 7 }], "links": { "next": null } }),
            _ => {
                json!({ "data": [project(1, "First"), project(2, "Second")], "links": { "next": null } })
            }
        };
        Ok(Response::new(Bytes::from(answer.to_string())))
    }
}

pub(crate) async fn world() -> (World, Arc<Phare>) {
    let (world, phare) = (World::new().await, Arc::new(Phare::default()));
    *world.upstreams.exchange.lock().unwrap() = phare.clone();
    let sandbox = UpstreamIdentity::Sandbox;
    world.authority.attach(system(), &sandbox).await.unwrap();
    world
        .authority
        .synchronize_projects(system())
        .await
        .unwrap();
    phare.asked.lock().unwrap().clear();
    (world, phare)
}

async fn names(world: &World) -> Vec<String> {
    let projects = world.store.projects().await.unwrap();
    projects.into_iter().map(|project| project.name).collect()
}

#[tokio::test]
async fn phare_is_asked_once_however_often_keeping_it_is_tried() {
    let (world, phare) = world().await;
    let manager = world.owner.manage_projects().unwrap();
    let creator = world.owner.create_projects().unwrap();
    world.outrun(3);
    world
        .authority
        .create_project(creator, "Third")
        .await
        .unwrap();
    world.outrun(3);
    let renamed = world
        .authority
        .rename_project(manager, ProjectId(1), "Renamed");
    renamed.await.unwrap();
    world.outrun(3);
    let deleted = world.authority.delete_project(manager, ProjectId(2));
    deleted.await.unwrap();
    assert_eq!(
        *phare.asked.lock().unwrap(),
        [
            "GET /users",
            "POST /projects",
            "POST /projects/1",
            "DELETE /projects/2"
        ]
    );
    assert_eq!(names(&world).await, ["Renamed", "Third"]);
    world.outrun(3);
    world
        .authority
        .synchronize_projects(system())
        .await
        .unwrap();
    assert_eq!(names(&world).await, ["First", "Second"]);
    assert_eq!(phare.asked.lock().unwrap().len(), 5);
    world.store.verify_audit().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_synchronization_leaves_what_another_process_changed_while_phare_was_asked() {
    let (world, phare) = world().await;
    let mut first = world.store.projects().await.unwrap().remove(0);
    first.name = "Newer".to_owned();
    let mut made = first.clone();
    (made.id, made.name) = (ProjectId(9), "Made meanwhile".to_owned());
    let changes = [
        Change::PutProject(first),
        Change::PutProject(made),
        Change::DeleteProject(ProjectId(2)),
    ];
    let (store, record) = (world.store.store.clone(), system_record(&world));
    *phare.meanwhile.lock().unwrap() = Some(Box::pin(async move {
        let at = store.revision().await.unwrap();
        store.commit(&changes, record, at).await.unwrap();
    }));
    world
        .authority
        .synchronize_projects(system())
        .await
        .unwrap();
    assert_eq!(names(&world).await, ["Made meanwhile", "Newer"]);
    world
        .authority
        .synchronize_projects(system())
        .await
        .unwrap();
    assert_eq!(
        names(&world).await,
        ["First", "Second"],
        "as Phare has them"
    );
}
