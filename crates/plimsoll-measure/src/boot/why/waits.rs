//! Looks at a start a thousand times a second: what it waits for when nothing of it runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use plimsoll_model::{BootReport, BootWait, WaitKind, median};

use super::asks::{self, Sockets};
use super::processes::{self, text};

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(1);
/// After how many looks new processes are looked for.
const ANEW: u32 = 5;
/// What is shorter says nothing: a look itself may take as long.
const LEAST: f64 = 0.005;

/// Seconds in which nothing ran, by what was waited for.
pub(super) type Waited = BTreeMap<WaitKind, f64>;

/// Looks at the processes of a container until it is told to stop.
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Waited>>,
}

impl Watch {
    /// Begins to look.
    pub(super) fn begin(first: i32, port: Option<u16>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        // Where there can be no thread, nothing is known of waits, and all else is.
        let spawned = thread::Builder::new().name("waits".to_owned());
        let thread = spawned.spawn(move || look(first, port, &told)).ok();
        Self { stop, thread }
    }

    /// Stops, and says what was seen.
    pub(super) fn end(mut self) -> Option<Waited> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take()?.join().ok()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn look(first: i32, port: Option<u16>, stop: &AtomicBool) -> Waited {
    let mut waited = Waited::new();
    let mut sockets = Sockets::of(port);
    let (mut all, mut last, mut looks) = (vec![first], Instant::now(), 0_u32);
    while !stop.load(Ordering::Relaxed) && state(first, first).is_some() {
        if looks.is_multiple_of(ANEW) {
            all = processes::tree(first);
        }
        looks = looks.wrapping_add(1);
        let waits = waits(&all, &mut sockets);
        // What was seen now is so since the last look: each counts as long as it took.
        let now = Instant::now();
        if let Some(kind) = waits {
            *waited.entry(kind).or_default() += (now - last).as_secs_f64();
        }
        last = now;
        thread::sleep(LOOK);
    }
    waited
}

/// The state of a thread, one letter; nothing where it is gone.
fn state(pid: i32, thread: i32) -> Option<char> {
    let stat = text(&format!("/proc/{pid}/task/{thread}/stat"))?;
    let state = stat.rsplit_once(')')?.1.trim_start().chars().next()?;
    (!matches!(state, 'Z' | 'X')).then_some(state)
}

/// What all of it waits for; nothing where some of it runs, or would run had it its quota.
fn waits(all: &[i32], sockets: &mut Sockets) -> Option<WaitKind> {
    let mut mains = Vec::new();
    let mut of_disk = false;
    for pid in all {
        for thread in processes::threads(*pid) {
            match state(*pid, thread) {
                Some('R') => return None,
                Some('D') => of_disk = true,
                Some(state) if thread == *pid => mains.push((*pid, state)),
                _ => {}
            }
        }
    }
    if of_disk {
        return Some(WaitKind::Disk);
    }
    // A process that waits for another says less than that other one.
    let kinds = mains.into_iter().map(|(pid, state)| asks::wait(pid, state, sockets));
    kinds.min_by_key(|kind| match kind {
        WaitKind::Disk => 0,
        WaitKind::Network => 1,
        WaitKind::Sleep => 2,
        _ => 3,
    })
}

/// What a start waits for: the quota from the starts that were measured, the rest from those that
/// were looked at.
pub(super) fn told(report: &BootReport, looked_at: &[Waited]) -> Vec<BootWait> {
    let mut waits = Vec::new();
    let ready = report.of(|boot| boot.ready).median;
    if let Some(throttled) = report.of(|boot| boot.throttled).median.filter(|s| *s >= LEAST) {
        waits.push(BootWait {
            kind: WaitKind::Quota,
            seconds: ready.map_or(throttled, |ready| throttled.min(ready)),
            method: format!("its cgroup, median of {} starts", report.ready().count()),
        });
    }
    for kind in [WaitKind::Network, WaitKind::Sleep, WaitKind::Disk, WaitKind::Other] {
        let mut values: Vec<f64> =
            looked_at.iter().map(|waited| waited.get(&kind).copied().unwrap_or(0.0)).collect();
        values.sort_by(f64::total_cmp);
        if let Some(seconds) = median(&values).filter(|seconds| *seconds >= LEAST) {
            let method = format!("looked at each ms, median of {} starts", values.len());
            waits.push(BootWait { kind, seconds, method });
        }
    }
    waits.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    waits
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::process::{Child, Command};

    use super::*;

    fn watched(mut child: Child, during: u64) -> Waited {
        let watch = Watch::begin(i32::try_from(child.id()).unwrap(), None);
        thread::sleep(Duration::from_millis(during));
        let waited = watch.end().unwrap();
        let _ = child.kill();
        child.wait().unwrap();
        waited
    }

    fn most(waited: &Waited) -> Option<WaitKind> {
        waited.iter().max_by(|a, b| a.1.total_cmp(b.1)).map(|(kind, _)| *kind)
    }

    #[test]
    fn sleep_is_seen_behind_who_waits_for_it() {
        let child = Command::new("sh").args(["-c", "sleep 5; true"]).spawn().unwrap();
        let waited = watched(child, 300);
        assert_eq!(most(&waited), Some(WaitKind::Sleep), "{waited:?}");
    }

    #[test]
    fn the_network_is_told_from_other_things() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let child = Command::new("cat").stdin(std::os::fd::OwnedFd::from(stream)).spawn().unwrap();
        let waited = watched(child, 300);
        assert_eq!(most(&waited), Some(WaitKind::Network), "{waited:?}");
    }

    #[test]
    fn what_is_short_is_not_told() {
        let waited =
            |ms: f64| Waited::from([(WaitKind::Sleep, ms / 1000.0), (WaitKind::Other, 0.004)]);
        let told = told(&BootReport::default(), &[waited(90.0), waited(10.0), waited(20.0)]);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].kind, told[0].seconds), (WaitKind::Sleep, 0.02));
    }
}
