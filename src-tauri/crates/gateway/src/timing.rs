//! What a gateway is patient with, and for how long.

use std::time::Duration;

use crate::data_rate::MinDataRate;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The upstream may say nothing for so long after it was last sent something. Clients are gone after 30 s.
    pub patience: Duration,
    /// How slowly a client may send a body.
    pub min_data_rate: MinDataRate,
    /// Last uses are written this often.
    pub write_uses: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(25),
            min_data_rate: MinDataRate::default(),
            write_uses: Duration::from_secs(3),
        }
    }
}
