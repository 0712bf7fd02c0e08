//! How much memory this process may use.

use std::fs;
use std::path::Path;

/// Where nobody says.
const UNKNOWN: usize = 1 << 30;

/// Bytes: what the machine has, or what the process's control groups leave it if that is less.
pub(crate) fn available() -> usize {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = groups.lines().filter_map(|line| limit(Path::new("/sys/fs/cgroup"), line));
    limits.chain(machine).min().unwrap_or(UNKNOWN)
}

/// Of the text of `/proc/meminfo`.
fn total(text: &str) -> Option<usize> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok().map(|kib: usize| kib << 10)
}

/// The least limit of one control group and those around it: a line of `/proc/self/cgroup`, of version 1 or 2.
fn limit(root: &Path, line: &str) -> Option<usize> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (folder, file) = match parts.next()? {
        "" => (root.to_path_buf(), "memory.max"),
        names if names.split(',').any(|name| name == "memory") => {
            (root.join("memory"), "memory.limit_in_bytes")
        }
        _ => return None,
    };
    // In a container the path may be the one outside, of which nothing is to be seen but the end.
    let group = folder.join(parts.next()?.trim_start_matches('/'));
    let around = group.ancestors().take_while(|path| path.starts_with(&folder));
    around.filter_map(|path| fs::read_to_string(path.join(file)).ok()?.trim().parse().ok()).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_has() {
        assert_eq!(total("MemTotal:       2048 kB\nMemFree: 1 kB\n"), Some(2 << 20));
        assert_eq!(total(""), None);
        assert_eq!(total("MemTotal: much\n"), None);
    }

    #[test]
    fn the_least_of_a_group_and_those_around_it() {
        let root = std::env::temp_dir().join(format!("everwire-memory-{}", std::process::id()));
        for (folder, file, text) in [
            ("a/b", "memory.max", "max\n"),
            ("a", "memory.max", "4096\n"),
            ("memory", "memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory/c", "memory.limit_in_bytes", "8192\n"),
        ] {
            fs::create_dir_all(root.join(folder)).unwrap();
            fs::write(root.join(folder).join(file), text).unwrap();
        }
        assert_eq!(limit(&root, "0::/a/b"), Some(4096));
        assert_eq!(limit(&root, "4:memory:/c/gone"), Some(8192));
        assert_eq!(limit(&root, "5:cpu,memory:/"), Some(9_223_372_036_854_771_712));
        assert_eq!(limit(&root, "0::/"), None);
        assert_eq!(limit(&root, "3:cpuset:/c"), None);
        assert_eq!(limit(&root, "rubbish"), None);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn this_process_may_use_some() {
        assert!(available() > 1 << 20);
    }
}
