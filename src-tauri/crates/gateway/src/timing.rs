//! What a gateway is patient with, and for how long.

use std::time::Duration;

use crate::pace::Pace;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The upstream may say nothing for so long after it was last sent something. Clients are gone after 30 s.
    pub patience: Duration,
    /// How slowly a client may send a body.
    pub pace: Pace,
    /// Last uses are written this often.
    pub write_uses: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(25),
            pace: Pace::default(),
            write_uses: Duration::from_secs(3),
        }
    }
}
