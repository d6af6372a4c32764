use std::sync::{Arc, Mutex};

use gardien_domain::{Member, Role};
use gardien_store::Documents;
use serde_json::{Value, json};

use super::memory::Memory;
use super::{People, World, member};
use crate::users::USERS;

impl World {
    fn joins(&self, member: Member) {
        self.people.0.lock().unwrap().push(member);
    }

    fn leaves(&self, email: &str) {
        let mut people = self.people.0.lock().unwrap();
        people.retain(|member| member.email != email);
    }

    async fn users(&self) -> Vec<Value> {
        let users = self.get("/users", None).await.body;
        users["data"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn the_members_of_the_organization_are_its_users() {
    let world = World::new().await;
    world.joins(member(3, "admin@sandbox.test", Role::Admin));
    world.joins(member(2, "terraform@phare.io", Role::Member));
    let joined = "2026-01-02T03:04:05+00:00";
    let user = |id: i64, role: &str, email: &str| json!({ "id": id, "role": role, "email": email, "created_at": joined, "updated_at": joined });
    let users = [
        user(1, "admin", "owner@sandbox.test"),
        user(2, "admin", "admin@sandbox.test"),
        user(3, "member", "terraform@phare.io"),
    ];
    assert_eq!(world.users().await, users);
    for user in users {
        let path = format!("/users/{}", user["id"]);
        assert_eq!(world.get(&path, None).await.body, user);
    }
    assert_eq!(world.get("/users/4", None).await.status, 404);
}

#[tokio::test]
async fn users_follow_the_members_and_keep_their_numbers() {
    let world = World::new().await;
    let other = member(2, "b@sandbox.test", Role::Member);
    world.joins(other.clone());
    let ids = async |world: &World| -> Vec<i64> {
        let users = world.users().await;
        users
            .iter()
            .map(|user| user["id"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(ids(&world).await, [1, 2]);
    // Another address and role: the same user.
    let changed = member(2, "c@sandbox.test", Role::Admin);
    *world.people.0.lock().unwrap().last_mut().unwrap() = changed;
    let seen = world.get("/users/2", None).await.body;
    assert_eq!(
        (&seen["email"], &seen["role"]),
        (&json!("c@sandbox.test"), &json!("admin"))
    );
    // Gone, and the number with it, over a restart too.
    world.leaves("c@sandbox.test");
    assert_eq!(world.get("/users/2", None).await.status, 404);
    world.joins(member(3, "d@sandbox.test", Role::Member));
    assert_eq!(ids(&world).await, [1, 3]);
    let world = world.reopened("2026-03-10T00:10:47Z").await;
    assert_eq!(ids(&world).await, [1, 3]);
    world.joins(other);
    assert_eq!(ids(&world).await, [1, 2, 3]);
}

#[tokio::test]
async fn those_who_look_at_once_see_the_same_numbers() {
    let world = World::new().await;
    for number in 2..=9 {
        world.joins(member(
            number,
            &format!("{number}@sandbox.test"),
            Role::Member,
        ));
    }
    let (first, second) = tokio::join!(world.users(), world.users());
    assert_eq!(first, second);
    assert_eq!(first.len(), 9);
}

#[tokio::test]
async fn users_are_found_by_mail_address() {
    let world = World::new().await;
    world.joins(member(2, "b@sandbox.test", Role::Member));
    for (query, found) in [
        ("", 2),
        ("?email=", 2),
        ("?email=OWNER%40sandbox.test", 1),
        ("?email=owner@sandbox.test,b@sandbox.test", 2),
        ("?email=owner@sandbox.test&email=b@sandbox.test", 2),
        ("?email=b@sandbox.test&page=2", 0),
        ("?email=sandbox.test", 0),
    ] {
        let page = world.get(&format!("/users{query}"), None).await;
        assert_eq!(
            page.body["data"].as_array().unwrap().len(),
            found,
            "{query}"
        );
    }
    let page = world
        .get(
            "/users?email=a,owner@sandbox.test,b@sandbox.test&per_page=1",
            None,
        )
        .await
        .body;
    let next = "http://127.0.0.1:7420/users?email=a%2Cowner%40sandbox.test%2Cb%40sandbox.test&per_page=1&page=2";
    assert_eq!(page["links"]["next"], next);
}

#[tokio::test]
async fn the_one_user_that_sandboxes_began_with_is_the_first_owner() {
    let documents = Memory::default();
    let seeded = json!({ "role": "admin", "email": "owner@sandbox.test" });
    documents.insert(USERS.name, None, &seeded).await.unwrap();
    let mut later = member(1, "later@sandbox.test", Role::Owner);
    later.created_at = "2026-02-02T03:04:05Z".parse().unwrap();
    let first = member(2, "first@sandbox.test", Role::Owner);
    let people = Arc::new(People(Mutex::new(vec![later, first])));
    let time = "2026-03-10T00:10:46Z";
    let mut world = World::over(Arc::new(documents), people, time).await;
    for _ in 0..2 {
        let users = world.users().await;
        let seen: Vec<_> = users
            .iter()
            .map(|user| (&user["id"], &user["email"]))
            .collect();
        let (first, later) = (json!("first@sandbox.test"), json!("later@sandbox.test"));
        assert_eq!(seen, [(&json!(1), &first), (&json!(2), &later)]);
        world = world.reopened(time).await;
    }
}
