//! What only one of the processes that share a database may do at a time: whoever holds the duty does it.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

use crate::StoreError;

/// Whoever has no answer by then holds it no more. With the second between two questions this is less than the database
/// waits for one, so that the duty is known to be lost before another has it.
const ANSWER: Duration = Duration::from_secs(2);

/// Who does what only one may.
#[async_trait]
pub trait Duties: Send + Sync + Debug {
    /// The duty, unless another process holds it: then this is to be tried again in a few seconds.
    async fn duty(&self) -> Result<Option<Duty>, StoreError>;
}

/// It is held until it is dropped, or its process or its way to the database is gone.
#[derive(Debug)]
pub struct Duty(Hold);

#[derive(Debug)]
enum Hold {
    /// Nobody else has the database.
    Sole,
    /// As long as this connection has its session there. It is used for nothing else.
    Session(Box<PgConnection>),
    Lost,
}

impl Duty {
    pub(crate) fn sole() -> Self {
        Self(Hold::Sole)
    }

    pub(crate) fn of_session(connection: PgConnection) -> Self {
        Self(Hold::Session(connection.into()))
    }

    /// Asks the database whether it is held still; what is lost is lost for good. To be asked every second: who says nothing
    /// for five loses it, because one that was cut off looks the same.
    pub async fn is_held(&mut self) -> bool {
        let Hold::Session(connection) = &mut self.0 else {
            return matches!(self.0, Hold::Sole);
        };
        let held = matches!(timeout(ANSWER, connection.ping()).await, Ok(Ok(())));
        if !held {
            self.0 = Hold::Lost;
        }
        held
    }
}
