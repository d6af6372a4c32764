//! Rows of either database to what they stand for.

use gardien_domain::audit::{AuditEntry, AuditHash, AuditRecord};
use gardien_domain::key::{PreviousSecret, PreviousSecrets, Revocation};
use gardien_domain::lease::{GatewayId, Held};
use gardien_domain::limit::{GatewayCalls, OwnCalls, SavedCalls};
use gardien_domain::share::Share;
use gardien_domain::{
    AdoptedUpstream, Key, KeyId, KeyParts, LastUse, Member, MemberId, Organization, PhareKey,
    PhareKeyId, PhareSecretId, ProductScopes, Project, ProjectId, Scope, ScopeKind, SessionId,
    UpstreamIdentity,
};

use crate::columns::{
    Columns, digest, hash, number, optional_number, optional_time, optional_word, parse, time, word,
};
use crate::{Document, Gateway, KnownGateway, Revision, Session, StoredKey, phare_slot};

pub(crate) fn organization(row: &impl Columns) -> sqlx::Result<Organization> {
    Ok(Organization {
        name: row.text("name")?.to_owned(),
        calls_per_minute: number(row, "calls_per_minute")?,
        at_limit: word(row, "at_limit")?,
        burst: optional_number(row, "burst")?,
        longest_wait_seconds: number(row, "longest_wait_seconds")?,
        cache_seconds: number(row, "cache_seconds")?,
    })
}

/// `projects` is a JSON list of their ids.
pub(crate) fn member(row: &impl Columns) -> sqlx::Result<Member> {
    let projects: Vec<i64> = parse("projects", row.text("projects")?, serde_json::from_str)?;
    Ok(Member {
        id: MemberId(row.uuid("id")?),
        email: row.text("email")?.to_owned(),
        role: word(row, "role")?,
        projects: projects.into_iter().map(ProjectId).collect(),
        created_at: time(row, "created_at")?,
    })
}

pub(crate) fn project(row: &impl Columns) -> sqlx::Result<Project> {
    Ok(Project {
        id: project_id(row)?,
        slug: row.text("slug")?.to_owned(),
        name: row.text("name")?.to_owned(),
        created_at: time(row, "created_at")?,
    })
}

pub(crate) fn project_id(row: &impl Columns) -> sqlx::Result<ProjectId> {
    row.int("id").map(ProjectId)
}

/// With what is joined to the key.
pub(crate) fn stored_key(row: &impl Columns) -> sqlx::Result<StoredKey> {
    Ok(StoredKey {
        key: key(row)?,
        project_name: row.optional_text("project_name")?.map(str::to_owned),
        created_by: row.text("creator")?.to_owned(),
        last_use: match optional_time(row, "used_at")? {
            Some(at) => Some(LastUse {
                at,
                operation: row.text("operation")?.to_owned(),
                client: row.optional_text("client")?.map(str::to_owned),
                address: optional_word(row, "address")?,
            }),
            None => None,
        },
        previous_used_at: optional_time(row, "previous_used_at")?,
        earlier_used_at: optional_time(row, "earlier_used_at")?,
    })
}

pub(crate) fn key(row: &impl Columns) -> sqlx::Result<Key> {
    Ok(Key::from_parts(KeyParts {
        id: KeyId(row.uuid("id")?),
        name: row.text("name")?.to_owned(),
        note: row.text("note")?.to_owned(),
        scope: match word(row, "scope")? {
            ScopeKind::Organization => Scope::Organization {},
            ScopeKind::Project => Scope::Project {
                project_id: ProjectId(row.int("project_id")?),
            },
        },
        products: products(row)?,
        digest: digest(row, "digest")?,
        display: row.text("display")?.to_owned(),
        previous: previous(row)?,
        share: share(row)?,
        created_at: time(row, "created_at")?,
        created_by: MemberId(row.uuid("created_by")?),
        expires_at: optional_time(row, "expires_at")?,
        revoked: match optional_time(row, "revoked_at")? {
            Some(at) => Some(Revocation {
                at,
                by: MemberId(row.uuid("revoked_by")?),
            }),
            None => None,
        },
    }))
}

pub(crate) fn products(row: &impl Columns) -> sqlx::Result<ProductScopes> {
    Ok(ProductScopes {
        platform: word(row, "platform")?,
        uptime: word(row, "uptime")?,
    })
}

pub(crate) fn share(row: &impl Columns) -> sqlx::Result<Share> {
    Ok(Share {
        at_most: optional_number(row, "at_most")?,
        reserved: number(row, "reserved")?,
        weight: number(row, "weight")?,
    })
}

pub(crate) fn previous(row: &impl Columns) -> sqlx::Result<PreviousSecrets> {
    Ok(PreviousSecrets {
        last: replaced(row, "previous_digest", "previous_valid_until")?,
        earlier: replaced(row, "earlier_digest", "earlier_valid_until")?,
    })
}

fn replaced(row: &impl Columns, column: &str, until: &str) -> sqlx::Result<Option<PreviousSecret>> {
    let Some(valid_until) = optional_time(row, until)? else {
        return Ok(None);
    };
    let digest = digest(row, column)?;
    Ok(Some(PreviousSecret {
        digest,
        valid_until,
    }))
}

pub(crate) fn phare_key(row: &impl Columns) -> sqlx::Result<PhareKey> {
    let slot = |column| move |text| parse(column, text, phare_slot::read);
    Ok(PhareKey {
        id: phare_key_id(row)?,
        name: row.text("name")?.to_owned(),
        purpose: word(row, "purpose")?,
        current: slot("current_slot")(row.text("current_slot")?)?,
        next: row
            .optional_text("next_slot")?
            .map(slot("next_slot"))
            .transpose()?,
        switched_at: optional_time(row, "switched_at")?,
    })
}

pub(crate) fn phare_key_id(row: &impl Columns) -> sqlx::Result<PhareKeyId> {
    row.uuid("id").map(PhareKeyId)
}

pub(crate) fn sealed(row: &impl Columns) -> sqlx::Result<(PhareSecretId, Vec<u8>)> {
    Ok((
        PhareSecretId(row.uuid("id")?),
        row.bytes("sealed")?.to_vec(),
    ))
}

pub(crate) fn session(row: &impl Columns) -> sqlx::Result<Session> {
    Ok(Session {
        id: SessionId(row.uuid("id")?),
        digest: digest(row, "digest")?,
        member: MemberId(row.uuid("member_id")?),
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
    })
}

pub(crate) fn upstream(row: &impl Columns) -> sqlx::Result<AdoptedUpstream> {
    let url = row.optional_text("url")?.map(str::to_owned);
    // The table lets no other pair in.
    let identity = UpstreamIdentity::of(row.text("kind")?, url)
        .ok_or_else(|| sqlx::Error::Decode("not a known upstream".into()))?;
    Ok(AdoptedUpstream {
        identity,
        since: time(row, "adopted_at")?,
    })
}

pub(crate) fn gateway_calls(row: &impl Columns) -> sqlx::Result<GatewayCalls> {
    Ok(GatewayCalls {
        gateway: GatewayId(row.uuid("gateway")?),
        number: number(row, "number")?,
        age: number(row, "age")?,
        own: OwnCalls {
            at: number(row, "at")?,
            calls: SavedCalls {
                finished: parse("finished", row.text("finished")?, serde_json::from_str)?,
                by_key: parse("by_key", row.text("by_key")?, serde_json::from_str)?,
                leased: number(row, "leased")?,
            },
            under_way: parse("under_way", row.text("under_way")?, serde_json::from_str)?,
        },
    })
}

pub(crate) fn held(row: &impl Columns) -> sqlx::Result<Held<GatewayId>> {
    Ok(Held {
        gateway: GatewayId(row.uuid("id")?),
        renewals: number(row, "renewals")?,
        term: number(row, "term")?,
    })
}

pub(crate) fn known_gateway(row: &impl Columns) -> sqlx::Result<KnownGateway> {
    Ok(KnownGateway {
        gateway: Gateway {
            id: GatewayId(row.uuid("id")?),
            name: row.text("name")?.to_owned(),
            address: row.text("address")?.to_owned(),
            version: row.text("version")?.to_owned(),
            term: number(row, "term")?,
        },
        revision: number(row, "revision").map(Revision)?,
        held: row.flag("held")?,
        seen_at: time(row, "seen_at")?,
    })
}

pub(crate) fn document(row: &impl Columns) -> sqlx::Result<Document> {
    Ok(Document {
        id: row.int("id")?,
        project: row.optional_int("project_id")?,
        body: parse("body", row.text("body")?, serde_json::from_str)?,
    })
}

/// Number and hash of an entry.
pub(crate) fn head(row: &impl Columns) -> sqlx::Result<(u64, AuditHash)> {
    Ok((number(row, "sequence")?, hash(row, "hash")?))
}

pub(crate) fn entry(row: &impl Columns) -> sqlx::Result<AuditEntry> {
    Ok(AuditEntry {
        sequence: number(row, "sequence")?,
        record: AuditRecord {
            at: time(row, "at")?,
            actor: row.text("actor")?.to_owned(),
            action: word(row, "action")?,
            subject: row.text("subject")?.to_owned(),
            detail: row.text("detail")?.to_owned(),
        },
        previous: hash(row, "previous")?,
        hash: hash(row, "hash")?,
    })
}
