//! What a window asks of a running Gardien beside the management API: what hangs on its gateway.

use gardien_authority::Fault;
use gardien_authority::api::{Caller, Event};
use gardien_domain::{KeyFilter, KeyOrder};
use jiff::Timestamp;
use tokio::sync::broadcast;

use crate::Service;
use crate::clock::system_clock;
use crate::live::TELLING;

impl Service {
    /// Hears what changes from here on, here or at the gateway. Whoever lags behind has to ask for everything again.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.authority().events(TELLING)
    }

    /// The programs that called through the gateway in the minute before `now`, the busiest first.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn callers(&self, now: Timestamp) -> Result<Vec<Caller>, Fault> {
        let mut callers = Vec::new();
        for calling in self.gateway().calling(now) {
            if let Some(stored) = self.store().key(calling.key).await? {
                let key = stored.key.into_parts();
                callers.push(Caller {
                    id: calling.key,
                    name: key.name,
                    display: key.display,
                    client: calling.client,
                    last_at: calling.last_at,
                    calls: calling.calls,
                });
            }
        }
        callers.sort_by(|one, other| {
            (other.calls, &one.name, one.id).cmp(&(one.calls, &other.name, other.id))
        });
        Ok(callers)
    }

    /// How many keys work now.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn live_keys(&self) -> Result<u64, Fault> {
        let filter = KeyFilter {
            live: true,
            ..KeyFilter::default()
        };
        let now = system_clock()();
        let order = KeyOrder::default();
        Ok(self.store().keys(&filter, now, order, None, 0).await?.total)
    }
}
