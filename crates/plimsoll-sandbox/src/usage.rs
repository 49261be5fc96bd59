//! What a container used so far.

use std::fs;
use std::time::Duration;

use rustix::process::Pid;

use crate::cgroup::{Controller, Group};

/// What a container used until now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Time on processors.
    pub cpu: Duration,
    /// Time in which it wanted one and its quota was spent; nothing without a quota.
    pub throttled: Option<Duration>,
    /// Page faults that waited for a disk.
    pub major_faults: Option<u64>,
    /// Bytes read from disks.
    pub read: Option<u64>,
    /// Memory.
    pub memory: Memory,
    /// Threads and processes.
    pub threads: Option<u32>,
    /// How many of its processes were killed because it wanted more memory than it may have.
    pub killed_for_memory: u64,
    /// Whether it was counted by cgroups; else by looking at its processes, which is coarser.
    pub by_cgroups: bool,
}

/// Memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All that is counted, less file pages that were not used of late.
    pub working_set: u64,
    /// What belongs to no file.
    pub anon: u64,
    /// tmpfs and shared memory.
    pub shared: u64,
    /// The most that was counted at once.
    pub peak: Option<u64>,
}

/// A value of a file of lines `name value`.
fn value(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.trim().parse().ok())
}

fn number(text: Option<String>) -> Option<u64> {
    text.and_then(|text| text.trim().parse().ok())
}

/// Reads the counters of a group; nothing where it counts no time.
pub(crate) fn of_group(group: &Group) -> Option<Usage> {
    let account = group.place(Controller::Account)?;
    let counted = group.read(Controller::Account, "cpuacct.usage", "cpu.stat")?;
    let cpu = match account.v2 {
        true => Duration::from_micros(value(&counted, "usage_usec")?),
        false => Duration::from_nanos(counted.trim().parse().ok()?),
    };
    let stat = group.read(Controller::Cpu, "cpu.stat", "cpu.stat");
    let throttled = stat.and_then(|stat| {
        let micros = value(&stat, "throttled_usec").map(Duration::from_micros);
        micros.or_else(|| value(&stat, "throttled_time").map(Duration::from_nanos))
    });
    let events = group.read(Controller::Memory, "memory.oom_control", "memory.events");
    let stat = group.read(Controller::Memory, "memory.stat", "memory.stat").unwrap_or_default();
    Some(Usage {
        cpu,
        throttled,
        major_faults: value(&stat, "total_pgmajfault").or_else(|| value(&stat, "pgmajfault")),
        read: read(group),
        memory: memory(group, &stat),
        threads: number(group.read(Controller::Pids, "pids.current", "pids.current"))
            .and_then(|count| u32::try_from(count).ok()),
        killed_for_memory: events.and_then(|events| value(&events, "oom_kill")).unwrap_or(0),
        by_cgroups: group.place(Controller::Memory).is_some(),
    })
}

fn memory(group: &Group, stat: &str) -> Memory {
    let of = |v1: &str, v2: &str| value(stat, v1).or_else(|| value(stat, v2)).unwrap_or(0);
    let used = number(group.read(Controller::Memory, "memory.usage_in_bytes", "memory.current"));
    let peak = group.read(Controller::Memory, "memory.max_usage_in_bytes", "memory.peak");
    Memory {
        working_set: used.unwrap_or(0).saturating_sub(of("total_inactive_file", "inactive_file")),
        anon: of("total_rss", "anon"),
        shared: of("total_shmem", "shmem"),
        peak: number(peak),
    }
}

/// Bytes read from disks: `8:0 Read 4096` a line in v1, `8:0 rbytes=4096 …` in v2.
fn read(group: &Group) -> Option<u64> {
    let text =
        group.read(Controller::Io, "blkio.throttle.io_service_bytes_recursive", "io.stat")?;
    let of_line = |line: &str| -> Option<u64> {
        let mut words = line.split_whitespace().skip(1);
        match words.next()? {
            "Read" => words.next()?.parse().ok(),
            first => first.strip_prefix("rbytes=")?.parse().ok(),
        }
    };
    Some(text.lines().filter_map(of_line).sum())
}

/// Adds up what the processes below one used, as far as `/proc` tells.
pub(crate) fn of_processes(first: Pid) -> Usage {
    let mut usage = Usage::default();
    let (mut threads, mut faults) = (0, 0);
    let mut waiting = vec![first.as_raw_nonzero().get()];
    while let Some(pid) = waiting.pop() {
        let text =
            |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let stat = text("stat");
        // The name may hold anything, but for what follows its last parenthesis.
        let fields: Vec<u64> = stat
            .rsplit_once(')')
            .map(|(_, rest)| rest.split_whitespace().map(|f| f.parse().unwrap_or(0)).collect())
            .unwrap_or_default();
        let field = |at: usize| fields.get(at).copied().unwrap_or(0);
        let ticks = field(11) + field(12) + field(13) + field(14);
        usage.cpu +=
            Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second().max(1));
        faults += field(9) + field(10);
        threads += u32::try_from(field(17)).unwrap_or(0);
        let parts = text("smaps_rollup");
        let kib = |name: &str| {
            let line = parts.lines().find_map(|line| line.strip_prefix(name));
            let word = line.and_then(|line| line.split_whitespace().next());
            word.and_then(|word| word.parse::<u64>().ok()).unwrap_or(0) * 1024
        };
        usage.memory.working_set += kib("Pss:");
        usage.memory.anon += kib("Pss_Anon:");
        usage.memory.shared += kib("Pss_Shmem:");
        for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            waiting.extend(children.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
        }
    }
    usage.major_faults = Some(faults);
    usage.threads = Some(threads);
    usage
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cgroup::tests::Tree;

    #[test]
    fn a_value_is_found_by_its_whole_name() {
        let text = "anon 5\nanon_thp 7\nshmem 9\n";
        assert_eq!((value(text, "anon"), value(text, "anon_thp")), (Some(5), Some(7)));
        assert_eq!((value(text, "an"), value("", "anon")), (None, None));
    }

    #[test]
    fn the_counters_of_v2_are_read() {
        let tree = Tree::new(&[]);
        let group = tree.group(true, &crate::Limits::default());
        assert_eq!(of_group(&group), None);
        for (file, text) in [
            (
                "cpu.stat",
                "usage_usec 1500\nuser_usec 900\nsystem_usec 600\nnr_throttled 2\nthrottled_usec 700\n",
            ),
            ("memory.current", "9000\n"),
            ("memory.peak", "12000\n"),
            (
                "memory.stat",
                "anon 4000\nfile 3000\nshmem 500\ninactive_file 1000\npgfault 9\npgmajfault 3\n",
            ),
            ("memory.events", "low 0\nhigh 0\nmax 8\noom 2\noom_kill 1\noom_group_kill 0\n"),
            (
                "io.stat",
                "8:0 rbytes=4096 wbytes=1 rios=1 wios=1\n8:16 \n259:0 rbytes=100 wbytes=0\n",
            ),
            ("pids.current", "4\n"),
        ] {
            tree.write(&format!("it/{file}"), text);
        }
        let used = of_group(&group).unwrap();
        assert_eq!(used.cpu, Duration::from_micros(1500));
        assert_eq!(used.throttled, Some(Duration::from_micros(700)));
        assert_eq!((used.major_faults, used.read, used.threads), (Some(3), Some(4196), Some(4)));
        let memory = Memory { working_set: 8000, anon: 4000, shared: 500, peak: Some(12000) };
        assert_eq!((used.memory, used.killed_for_memory, used.by_cgroups), (memory, 1, true));
    }

    #[test]
    fn a_process_has_time_and_memory() {
        let usage = of_processes(rustix::process::getpid());
        assert!(usage.memory.anon > 0 && usage.threads > Some(0) && !usage.by_cgroups);
    }
}
