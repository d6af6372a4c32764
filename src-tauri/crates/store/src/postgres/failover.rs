//! Whether a commit waits for a standby before it is acknowledged. Where it does not, the standby that takes over may know
//! nothing of a revocation that was: the key works again.

use sqlx::PgConnection;

use super::fault::store_error;
use super::{Postgres, ask, bounded};

/// What may be missing where a standby takes over. Its text is for the log of whoever runs the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FailoverRisk {
    /// There are standbys, and changes are acknowledged before any of them has them.
    #[error(
        "the database has standbys and waits for none of them (synchronous_standby_names is empty): if one takes over, the \
         last changes may be missing, revocations too"
    )]
    NotAwaited,
    /// Standbys are named, and commits do not wait until one has written them down.
    #[error(
        "the database acknowledges changes before a standby has written them down (synchronous_commit is below on): if one \
         takes over, the last changes may be missing, revocations too"
    )]
    NotFlushed,
    /// Whether there are standbys, or whether any is waited for, is not to be seen.
    #[error(
        "whether the database has a standby that it does not wait for cannot be seen: if one takes over, the last changes may \
         be missing, revocations too"
    )]
    Unknown,
}

impl Postgres {
    /// What a standby that takes over may lack; `None` if it has all that was acknowledged, or there is no standby.
    pub async fn failover_risk(&self) -> Option<FailoverRisk> {
        match ask!(self, connection => replication(connection)) {
            Ok(replication) => replication.risk(),
            Err(error) => {
                tracing::warn!(%error, "how the database replicates is not known");
                Some(FailoverRisk::Unknown)
            }
        }
    }
}

/// How the server replicates what is committed on a connection.
struct Replication {
    /// `synchronous_standby_names`
    names: String,
    /// `synchronous_commit`
    commit: String,
    /// Whether any standby follows; `None` where that may not be seen.
    followed: Option<bool>,
}

impl Replication {
    fn risk(&self) -> Option<FailoverRisk> {
        if !self.names.trim().is_empty() {
            let flushed = matches!(&*self.commit, "on" | "remote_apply");
            return (!flushed).then_some(FailoverRisk::NotFlushed);
        }
        match self.followed {
            Some(false) => None,
            Some(true) => Some(FailoverRisk::NotAwaited),
            None => Some(FailoverRisk::Unknown),
        }
    }
}

async fn replication(connection: &mut PgConnection) -> sqlx::Result<Replication> {
    let (names, commit) = sqlx::query_as(
        "SELECT current_setting('synchronous_standby_names'), current_setting('synchronous_commit')",
    )
    .fetch_one(&mut *connection)
    .await?;
    // Whoever may not see what a follower does sees that it is there. A copy that is being made does not take over.
    let followed = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup')",
    )
    .fetch_one(connection)
    .await
    .ok();
    Ok(Replication {
        names,
        commit,
        followed,
    })
}

#[cfg(test)]
mod tests {
    use super::{FailoverRisk, Replication};

    #[test]
    fn what_is_not_awaited_may_be_missing() {
        use FailoverRisk::{NotAwaited, NotFlushed, Unknown};
        for (names, commit, followed, risk) in [
            ("", "on", Some(false), None),
            ("", "local", Some(false), None),
            ("", "on", Some(true), Some(NotAwaited)),
            (" ", "remote_apply", Some(true), Some(NotAwaited)),
            ("", "on", None, Some(Unknown)),
            ("*", "on", Some(true), None),
            ("ANY 1 (a, b)", "remote_apply", None, None),
            // One that is named and away now is waited for.
            ("a", "on", Some(false), None),
            ("*", "remote_write", Some(true), Some(NotFlushed)),
            ("*", "local", None, Some(NotFlushed)),
        ] {
            let replication = Replication {
                names: names.into(),
                commit: commit.into(),
                followed,
            };
            assert_eq!(replication.risk(), risk, "{names:?} {commit} {followed:?}");
        }
    }
}
