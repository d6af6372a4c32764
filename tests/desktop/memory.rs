//! Looks into the memory of running processes.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use memchr::memmem::Finder;
use rustix::process::Pid;

use crate::support::desktop::Desk;

/// The processes that the window's page lives in: what runs it, and what loads it.
pub const WEB: &str = "WebKitWebProcess";
pub const NETWORK: &str = "WebKitNetworkProcess";

/// Whether the memory of the desk's process of this name holds a secret, in either form that WebKit has for a string.
pub fn holds(desk: &Desk, program: &str, secret: &str) -> bool {
    let processes = desk.session().running(program);
    assert!(!processes.is_empty(), "no {program} runs");
    let tail = &secret.as_bytes()[secret.len() - 24..];
    let wide: Vec<u8> = tail.iter().flat_map(|&byte| [byte, 0]).collect();
    let forms = [Finder::new(tail), Finder::new(&wide)];
    processes.into_iter().any(|process| search(process, &forms))
}

/// Searches everything that a process can have written to.
fn search(process: Pid, forms: &[Finder<'_>]) -> bool {
    let folder = format!("/proc/{}", process.as_raw_nonzero());
    let [memory, pages] =
        ["mem", "pagemap"].map(|file| File::open(format!("{folder}/{file}")).unwrap());
    let maps = fs::read_to_string(format!("{folder}/maps")).unwrap();
    let mut searched = 0;
    let found = maps
        .lines()
        .filter_map(writable)
        .flat_map(|bounds| in_use(&pages, bounds))
        .any(|(begin, end)| {
            let mut bytes = vec![0; usize::try_from(end - begin).unwrap()];
            // It may be gone by now.
            let read = memory.read_at(&mut bytes, begin).unwrap_or(0);
            searched += read;
            forms.iter().any(|form| form.find(&bytes[..read]).is_some())
        });
    assert!(
        found || searched > 1_000_000,
        "only {searched} bytes could be read"
    );
    found
}

/// The parts of a mapping that are more than reserved: WebKit reserves many times the memory that there is.
fn in_use(pages: &File, (begin, end): (u64, u64)) -> Vec<(u64, u64)> {
    const ENTRY: u64 = 8;
    let size = u64::try_from(rustix::param::page_size()).unwrap();
    let mut entries = vec![0; usize::try_from((end - begin) / size * ENTRY).unwrap()];
    let read = pages
        .read_at(&mut entries, begin / size * ENTRY)
        .unwrap_or(0);
    let mut parts: Vec<(u64, u64)> = Vec::new();
    for (entry, page) in entries[..read]
        .chunks_exact(8)
        .zip((begin..).step_by(rustix::param::page_size()))
    {
        // The two bits that say that it is in memory or in swap.
        if entry[7] & 0b1100_0000 == 0 {
            continue;
        }
        match parts.last_mut() {
            Some((_, last)) if *last == page => *last += size,
            _ => parts.push((page, page + size)),
        }
    }
    parts
}

/// The bounds of a mapping, as a line of `maps` gives them, if it can be read and written.
fn writable(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split(' ');
    let (begin, end) = words.next()?.split_once('-')?;
    let bounds = (
        u64::from_str_radix(begin, 16).ok()?,
        u64::from_str_radix(end, 16).ok()?,
    );
    words.next()?.starts_with("rw").then_some(bounds)
}
