//! The keys that every contestant is to know: in a data folder of Gardien's, and as lists of secrets.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::iter;
use std::path::{Path, PathBuf};

use clap::Args;
use gardien_domain::audit::{AuditAction, AuditRecord};
use gardien_domain::key::PreviousSecrets;
use gardien_domain::organization::AtLimit;
use gardien_domain::secret::SecretKind;
use gardien_domain::share::Share;
use gardien_domain::{
    Key, KeyId, KeyParts, Member, MemberId, Organization, ProductScope, ProductScopes, Project,
    ProjectId, Role, Scope, Secret,
};
use gardien_store::{Change, Postgres, PostgresOptions, Sqlite, Store};
use jiff::Timestamp;
use uuid::Uuid;

/// Changes in one transaction: each within the time that a write is waited for.
const AT_ONCE: usize = 5_000;
/// More than any contestant can serve in a minute: the limit is counted and never reached.
const CALLS_PER_MINUTE: u32 = 100_000_000;
/// Secrets that nobody knows.
const UNKNOWN: usize = 10_000;
/// Of so many keys a load makes calls at most. It has to hold them all.
const CALLING: usize = 100_000;
const PROJECT: ProjectId = ProjectId(1);

#[derive(Debug, Args)]
pub(crate) struct Fill {
    /// How many.
    #[arg(long)]
    keys: usize,
    /// Where the lists `known`, `calling` (some of the known) and `unknown` go, and Gardien's data.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// The address of an empty PostgreSQL database that the keys go to instead of a folder.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

impl Fill {
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        let mut secrets = made(self.keys)?;
        list(&self.folder.join("known"), &secrets)?;
        let step = self.keys.div_ceil(CALLING).max(1);
        list(
            &self.folder.join("calling"),
            secrets.iter().step_by(step).collect::<Vec<_>>(),
        )?;
        list(&self.folder.join("unknown"), &made(UNKNOWN)?)?;
        let data = self.folder.join("data");
        fs::create_dir_all(&data)?;
        // In the order of the index that is otherwise written all over; the lists must not be in it.
        secrets.sort_by_cached_key(|secret| secret.digest().0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            match &self.database {
                Some(address) => {
                    let options = PostgresOptions::from_url(address)?;
                    store(&Postgres::open(&options).await?, &secrets).await
                }
                None => store(&Sqlite::open(&data.join("gardien.db")).await?, &secrets).await,
            }
        })
    }
}

fn made(count: usize) -> Result<Vec<Secret>, getrandom::Error> {
    iter::repeat_with(|| Secret::generate(SecretKind::Project, getrandom::fill))
        .take(count)
        .collect()
}

fn list<'a>(
    file: &Path,
    secrets: impl IntoIterator<Item = &'a Secret>,
) -> Result<(), Box<dyn Error>> {
    let mut file = BufWriter::new(File::create(file)?);
    for secret in secrets {
        writeln!(file, "{}", secret.expose())?;
    }
    Ok(file.flush()?)
}

async fn store(store: &dyn Store, secrets: &[Secret]) -> Result<(), Box<dyn Error>> {
    let now = Timestamp::now();
    let owner = Member {
        id: MemberId(Uuid::now_v7()),
        email: "owner@gardien.localhost".into(),
        role: Role::Owner,
        projects: [].into(),
        created_at: now,
    };
    let by = owner.id;
    let project = Project {
        id: PROJECT,
        slug: "shop".into(),
        name: "Shop".into(),
        created_at: now,
    };
    let organization = Organization {
        calls_per_minute: CALLS_PER_MINUTE,
        at_limit: AtLimit::Reject,
        ..Organization::named("Benchmark".into())
    };
    let first = vec![
        Change::PutOrganization(organization),
        Change::PutMember(owner),
        Change::PutProject(project),
    ];
    let keys = secrets.chunks(AT_ONCE).map(|some| {
        some.iter()
            .map(|secret| Change::PutKey(key(secret, by, now)))
            .collect()
    });
    for changes in iter::once(first).chain(keys) {
        let at = store.revision().await?;
        store.commit(&changes, record(now), at).await?;
    }
    store.close().await;
    Ok(())
}

fn record(at: Timestamp) -> AuditRecord {
    AuditRecord {
        at,
        actor: "system".into(),
        action: AuditAction::KeyCreated,
        subject: String::new(),
        detail: "{}".into(),
    }
}

fn key(secret: &Secret, by: MemberId, now: Timestamp) -> Key {
    let id = Uuid::now_v7();
    Key::from_parts(KeyParts {
        id: KeyId(id),
        name: format!("deploy {id}"),
        note: String::new(),
        scope: Scope::Project {
            project_id: PROJECT,
        },
        products: ProductScopes {
            platform: ProductScope::None,
            uptime: ProductScope::Read,
        },
        digest: secret.digest(),
        display: secret.display(),
        share: Share::default(),
        previous: PreviousSecrets::default(),
        created_at: now,
        created_by: by,
        expires_at: None,
        revoked: None,
    })
}
