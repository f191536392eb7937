//! What Linux tells of a running process: how often it woke up, and the memory that it holds.

use std::fs;
use std::path::Path;

/// How often any thread of the process was put on a processor again after it had waited. `None` where the system
/// does not tell.
pub fn wake_ups(process: u32) -> Option<u64> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let waits = threads.flatten().filter_map(|thread| field(&thread.path(), "voluntary_ctxt_switches:"));
    Some(waits.sum())
}

/// Resident memory in KiB. `None` where the system does not tell.
pub fn resident_kib(process: u32) -> Option<u64> {
    field(Path::new(&format!("/proc/{process}")), "VmRSS:")
}

fn field(folder: &Path, name: &str) -> Option<u64> {
    let status = fs::read_to_string(folder.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
