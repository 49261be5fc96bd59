//! How often a comparison of starts is right: `boot_trials IMAGE TRIALS PAIRS SHARE quiet|loaded`.
//!
//! Each trial starts one service, and the same with SHARE more CPU time to its first answer, in turns, and
//! asks whether they differ. With a share of 0 every difference is a false alarm. When loaded, one processor
//! of the machine is kept busy meanwhile, every other second.
#![allow(clippy::print_stdout, clippy::panic, clippy::unwrap_used, reason = "it is a benchmark")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use plimsoll_measure::boot::{self, Subject, Wishes};
use plimsoll_measure::engine::{Cancel, Choice, Embedded, find};
use plimsoll_model::{PairedDifference, StartPlan, median};
use plimsoll_oci::disk::Store;
use plimsoll_oci::{Digest, Wanted};

fn command(work: f64) -> Vec<String> {
    let count = (400_000.0 * work) as u64;
    let script = format!(
        "import socket\nn = 0\nfor i in range({count}): n += i * i\n\
         s = socket.create_server(('0.0.0.0', 8080))\nwhile True:\n c = s.accept()[0]\n c.recv(4096)\n \
         c.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n')\n c.close()\n"
    );
    ["python3", "-S", "-c", &script].map(str::to_owned).to_vec()
}

/// Keeps a processor busy for a second, and leaves it for one.
fn load(ended: &AtomicBool) {
    let began = Instant::now();
    while !ended.load(Ordering::Relaxed) {
        if began.elapsed().as_secs() % 2 == 1 {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let number = |at: usize| args[at].parse::<f64>().unwrap();
    let (image, trials, pairs, share) = (&args[1], number(2) as u32, number(3) as u32, number(4));
    let loaded = match args[5].as_str() {
        "quiet" => false,
        "loaded" => true,
        other => panic!("quiet or loaded, not {other}"),
    };
    let folder = std::env::temp_dir().join("plimsoll-boot-trials");
    let engine = find(&Choice::Docker).unwrap();
    let store = Store::open(&folder.join("images")).unwrap();
    let id = engine.image(image).unwrap().id;
    let unpacked = store.known(Digest::parse(&id).unwrap()).unwrap_or_else(|| {
        store.stream(&mut engine.save(&id).unwrap(), &Wanted::default()).unwrap()
    });
    let embedded = Embedded::open(Path::new(&folder.join("seat"))).unwrap();
    embedded.add("image", unpacked);
    let plan = StartPlan {
        cpus: Some(1.0),
        memory: Some(256 << 20),
        port: Some(8080),
        ..StartPlan::default()
    };
    let wishes = Wishes {
        boots: pairs,
        evict: false,
        boost: false,
        hold: Duration::ZERO,
        price: None,
        tail: 0.0,
    };
    let compare = |more: &[String], same: &[String]| {
        let both = [more, same].map(|command| Subject {
            name: "trial",
            image: "image",
            id: &id,
            plan: &plan,
            command: Some(command),
            files: &[],
            patience: Duration::from_secs(30),
            host_network: false,
        });
        boot::compare(&embedded, (&both[0], &both[1]), &wishes, &mut |_| {}, &Cancel::new())
            .unwrap()
    };
    // The loop is not all that a start computes: what share of it makes SHARE of all is measured first.
    let same = command(1.0);
    let longer = compare(&command(5.0), &same).cpu;
    let (all, with) = (longer.against.unwrap(), longer.subject.unwrap());
    let more = command(1.0 + share * all * 4.0 / (with - all));
    let ended = AtomicBool::new(false);
    let mut found = [0, 0];
    let mut seen = Vec::new();
    thread::scope(|scope| {
        if loaded {
            scope.spawn(|| load(&ended));
        }
        for _ in 0..trials {
            let compared = compare(&more, &same);
            seen.extend(compared.cpu.difference);
            let differs = |difference: &PairedDifference| u32::from(difference.differs());
            found[0] += differs(&compared.cpu);
            found[1] += differs(&compared.ready);
        }
        ended.store(true, Ordering::Relaxed);
    });
    let rate = |count: u32| f64::from(count) * 100.0 / f64::from(trials);
    seen.sort_unstable_by(f64::total_cmp);
    println!(
        "{trials} trials of {pairs} pairs, {:+.0} % CPU time of a start of {:.0} CPU-ms, {}: \
         a difference of CPU-ms in {:.1} %, of wall time in {:.1} %; its median {:+.1} %",
        share * 100.0,
        all * 1000.0,
        args[5],
        rate(found[0]),
        rate(found[1]),
        median(&seen).unwrap_or(0.0) * 100.0
    );
}
