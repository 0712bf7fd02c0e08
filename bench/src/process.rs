//! What a process has used, from `/proc`.

use std::fs;

/// Clock ticks of `/proc/PID/stat`: 100 a second on every Linux of today.
const TICK_NANOS: u64 = 10_000_000;

pub struct Process(pub u32);

impl Process {
    /// User and system time of all its threads, in nanoseconds.
    pub fn cpu(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        // The name of the program, in brackets, may hold spaces.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().skip(11).take(2);
        fields.map(|ticks| ticks.parse().unwrap_or(0)).sum::<u64>() * TICK_NANOS
    }

    /// How long its threads waited for a core, in nanoseconds: says how disturbed a run was.
    pub fn waited(&self) -> u64 {
        let Ok(threads) = fs::read_dir(format!("/proc/{}/task", self.0)) else { return 0 };
        let stats =
            threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok());
        stats.filter_map(|stat| stat.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()).sum()
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
    }
}
