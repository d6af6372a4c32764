//! The rules of Gardien: keys, scopes, operations and the decision.
//!
//! Pure on purpose: no I/O, no clock, no randomness, no async. Time and entropy are arguments, so that
//! every rule can be tested by enumeration in microseconds.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::disallowed_methods
    )
)]

pub mod audit;
pub mod decision;
pub mod filter;
pub mod find;
pub mod key;
pub mod lease;
pub mod limit;
pub mod member;
pub mod operation;
pub mod organization;
pub mod pace;
pub mod paste;
pub mod phare_key;
pub mod product;
pub mod project;
pub mod role;
pub mod schedule;
pub mod scope;
pub mod secret;
pub mod share;
pub mod sort;
pub mod text;
pub mod turns;
pub mod upstream;
pub mod wanted;
pub mod what_if;
mod words;

pub use audit::{AuditAction, AuditEntry, AuditFault, AuditFilter};
pub use decision::{Call, Credential, Grant, Refusal, alive, decide};
pub use filter::{KeyFilter, ScopeKind, Usage};
pub use find::{Sighting, StrangeKind, StrangeSecret};
pub use key::{
    ByKey, Key, KeyEdit, KeyFault, KeyId, KeyParts, KeyRule, KeyStatus, LastUse, NotedUse,
    Presented, PreviousUse,
};
pub use limit::{Slot, Window};
pub use member::{Member, MemberId, SessionId};
pub use operation::{Method, Operation, ProjectHeader};
pub use organization::{AtLimit, Organization};
pub use phare_key::{PhareKey, PhareKeyId, PhareSecret, PhareSecretId};
pub use product::{Access, Product, ProductScope, ProductScopes};
pub use project::{Project, ProjectDirectory, ProjectId, ProjectSelection};
pub use role::Role;
pub use scope::Scope;
pub use secret::{Secret, SecretDigest, SecretKind};
pub use sort::{KeyOrder, KeyPlace, KeySort, Order, SortValue};
pub use upstream::{AdoptedUpstream, UpstreamIdentity};
pub use words::UnknownWord;
