//! What this machine gives the process: memory. Linux says; elsewhere a modest guess stands in.

use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of memory that a machine is taken to have where it does not say (not Linux): the least that a server has.
const UNKNOWN: u64 = 1 << 30;

/// The smaller of the machine's RAM and its control groups' limits, in bytes.
#[must_use]
pub fn memory() -> u64 {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    group_limits(Path::new("/sys/fs/cgroup"), &groups).chain(ram()).min().unwrap_or(UNKNOWN)
}

fn ram() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// The limits of the process's control group and of all above it: `memory.max` of version 2, whose line in
/// `/proc/self/cgroup` starts with `0::`, and `memory.limit_in_bytes` of version 1. "max" is no limit.
fn group_limits(root: &Path, groups: &str) -> impl Iterator<Item = u64> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(group)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let (folder, file) = match controllers {
            "" => (root.to_path_buf(), "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                (root.join("memory"), "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let group = Path::new(group.trim_start_matches('/'));
        files.extend(group.ancestors().map(|group| folder.join(group).join(file)));
    }
    files.into_iter().filter_map(|file: PathBuf| fs::read_to_string(file).ok()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::{group_limits, memory};
    use std::fs;

    #[test]
    fn test_the_smallest_limit_of_all_groups_above_counts() {
        let root = std::env::temp_dir().join(format!("ferrauth-cgroup-{}", std::process::id()));
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::create_dir_all(root.join("memory/c")).unwrap();
        for (file, text) in [
            ("memory.max", "max\n"),
            ("a/memory.max", "3000\n"),
            ("a/b/memory.max", "5000\n"),
            ("memory/c/memory.limit_in_bytes", "4000\n"),
        ] {
            fs::write(root.join(file), text).unwrap();
        }
        let limits = |groups| group_limits(&root, groups).min();
        assert_eq!(limits("0::/a/b\n"), Some(3000));
        assert_eq!(limits("5:cpu:/\n4:memory,misc:/c\n"), Some(4000));
        assert_eq!(limits("0::/\n"), None);
        assert_eq!(limits("junk"), None);
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn test_this_machine_has_some() {
        assert!(memory() > 1 << 20);
    }
}
