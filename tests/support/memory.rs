//! How much memory a running process takes.

use std::fs;

/// The most memory that a process had since the look began.
#[derive(Debug)]
pub struct Peak {
    folder: String,
    begun: u64,
}

impl Peak {
    /// Begins to look at a process.
    pub fn of(process: u32) -> Self {
        let folder = format!("/proc/{process}");
        // 5 lets the kernel forget the peak of before.
        fs::write(format!("{folder}/clear_refs"), "5").unwrap();
        let begun = peak(&folder);
        Self { folder, begun }
    }

    /// Bytes that it had at most, beyond those at the begin.
    pub fn extra(&self) -> u64 {
        // The kernel's count is not exact: what was given back at once may be missing from the peak.
        peak(&self.folder).saturating_sub(self.begun)
    }
}

fn peak(folder: &str) -> u64 {
    let status = fs::read_to_string(format!("{folder}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() * 1024
}
