//! What the ledger says of calls before they are made, and what may go by it.

/// Calls that may still be granted before the ledger has to be written. While it cannot be, any may: the limit stays exact
/// in this process, only what a restart would know is lost, and no caller is made to pay for that.
#[derive(Debug, Default)]
pub(super) struct Lease {
    left: u32,
    is_broken: bool,
    /// Calls granted beyond it since what is being written was made.
    beyond: u32,
}

impl Lease {
    /// Calls that may go now.
    pub(super) fn most(&self) -> u32 {
        if self.is_broken { u32::MAX } else { self.left }
    }

    /// Calls that are leased and were not granted.
    pub(super) fn left(&self) -> u32 {
        self.left
    }

    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// So many calls go.
    pub(super) fn granted(&mut self, calls: u32) {
        let leased = calls.min(self.left);
        self.left -= leased;
        self.beyond = self.beyond.saturating_add(calls - leased);
    }

    /// What the ledger is to say beyond what is leased, so that it lasts. Where it could not be written, all that may go
    /// until it is: nobody waits for it meanwhile.
    pub(super) fn extra(&mut self, full: u32, limit: u32) -> u32 {
        self.beyond = 0;
        if self.is_broken {
            limit
        } else {
            full.saturating_sub(self.left)
        }
    }

    /// The ledger says so much more. Answers whether that is more than should be leased: then it is to be written again.
    pub(super) fn renewed(&mut self, extra: u32, full: u32) -> bool {
        let left = (self.left + extra).saturating_sub(self.beyond);
        self.left = left.min(full);
        self.is_broken = false;
        left > full
    }

    /// So much more is leased, and no less than was before.
    pub(super) fn add(&mut self, extra: u32) {
        self.left = self.left.saturating_add(extra);
    }

    /// Nothing is leased any more.
    pub(super) fn void(&mut self) {
        self.left = 0;
    }

    /// The ledger can be written, or so it seems.
    pub(super) fn mended(&mut self) {
        self.is_broken = false;
    }

    /// The ledger could not be written.
    pub(super) fn broke(&mut self) {
        self.is_broken = true;
    }

    /// No more than so many are leased any more. Answers with what the ledger is to say beyond them, so that it is so many;
    /// `None` where it says that already.
    pub(super) fn rest(&mut self, calls: u32) -> Option<u32> {
        if self.is_broken || self.left == calls {
            return None;
        }
        self.beyond = 0;
        self.left = self.left.min(calls);
        Some(calls - self.left)
    }
}
