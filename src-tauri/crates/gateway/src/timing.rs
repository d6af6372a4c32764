//! What a gateway is patient with, and for how long.

use std::time::Duration;

use crate::data_rate::MinDataRate;

/// The upstream is given so long, however long a call waited for its turn.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(4);

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The upstream may say nothing for so long after the call went out, or more of a body that still comes. Clients are
    /// gone after 30 s.
    pub patience: Duration,
    /// A call that certainly was not made is tried again for so long before anybody hears of it.
    pub insistence: Duration,
    /// How slowly a client may send a body.
    pub min_data_rate: MinDataRate,
    /// Last uses are written this often.
    pub write_uses: Duration,
}

impl Timing {
    /// What is left for the upstream when the call has waited so long: clients give up after 30 seconds.
    pub(crate) fn after(self, waited: Duration) -> Self {
        let least = SHORTEST_PATIENCE.min(self.patience);
        let patience = self.patience.saturating_sub(waited).max(least);
        Self {
            patience,
            // Whoever is told that nothing was made is told so while there is patience left.
            insistence: self.insistence.min(patience / 2),
            ..self
        }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(25),
            insistence: Duration::from_secs(5),
            min_data_rate: MinDataRate::default(),
            write_uses: Duration::from_secs(3),
        }
    }
}
