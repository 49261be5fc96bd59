//! What a container costs beside the bare process, and beside `docker run`: `overhead RUNS [DOCKER_IMAGE]`.
//!
//! The root is this machine's own, so that both run the same files. The service imports what it can
//! find, listens, and is tried once a millisecond. All are run in turns. Needs root and cgroup v1.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "it is a benchmark")]

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use plimsoll_sandbox::{Host, Reach, Spec};

const PORT: u16 = 18_089;
const SERVICE: &str = "import asyncio, http.server, json, ssl, email, xml.dom.minidom, sqlite3, urllib.request, \
unittest, decimal, logging.config, multiprocessing, concurrent.futures, tarfile, zipfile\n\
http.server.HTTPServer(('0.0.0.0', 18089), http.server.SimpleHTTPRequestHandler).serve_forever()";

/// Seconds until it listens, and of CPU until then.
type Start = (f64, f64);

fn python() -> String {
    let found =
        Command::new("sh").args(["-c", "readlink -f $(command -v python3)"]).output().unwrap();
    String::from_utf8(found.stdout).unwrap().trim().to_owned()
}

fn spec(args: &[&str]) -> Spec {
    Spec {
        layers: vec!["/".into()],
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        env: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        kept: 1 << 16,
        ..Spec::default()
    }
}

fn sandboxed(host: &Host, python: &str, execs: &mut Vec<f64>) -> Start {
    let container = host.prepare(&spec(&[python, "-c", SERVICE])).unwrap().start().unwrap();
    execs.push(container.exec().as_secs_f64());
    while container.connect(PORT, Reach::Service).is_err() {
        thread::sleep(Duration::from_millis(1));
    }
    let took = container.started().elapsed().as_secs_f64();
    (took, container.usage().cpu.as_secs_f64())
}

fn bare(python: &str) -> Start {
    // A child is in the cgroup of the thread that makes it.
    let folder = "/sys/fs/cgroup/cpuacct/plimsoll-overhead";
    fs::create_dir_all(folder).unwrap();
    let own = fs::read_link("/proc/thread-self").unwrap();
    let thread = own.file_name().unwrap().to_str().unwrap().to_owned();
    fs::write(format!("{folder}/tasks"), &thread).unwrap();
    let used = || {
        fs::read_to_string(format!("{folder}/cpuacct.usage"))
            .unwrap()
            .trim()
            .parse::<f64>()
            .unwrap()
            / 1e9
    };
    let before = used();
    let began = Instant::now();
    let mut child = Command::new(python)
        .args(["-c", SERVICE])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    fs::write("/sys/fs/cgroup/cpuacct/tasks", &thread).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    while TcpStream::connect(address).is_err() {
        thread::sleep(Duration::from_millis(1));
    }
    let took = began.elapsed().as_secs_f64();
    let cpu = used() - before;
    child.kill().unwrap();
    child.wait().unwrap();
    (took, cpu)
}

/// Runs a program that does nothing, from nothing to nothing left.
fn trivial(host: &Host) -> f64 {
    let began = Instant::now();
    let mut container = host.prepare(&spec(&["/bin/true"])).unwrap().start().unwrap();
    assert_eq!(container.wait(Duration::from_secs(10)).unwrap().code, 0);
    drop(container);
    began.elapsed().as_secs_f64()
}

fn timed(program: &str, args: &[&str]) -> f64 {
    let began = Instant::now();
    assert!(Command::new(program).args(args).stdout(Stdio::null()).status().unwrap().success());
    began.elapsed().as_secs_f64()
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share).round() as usize] * 1000.0
}

fn main() {
    let mut args = std::env::args().skip(1);
    let runs: usize = args.next().and_then(|runs| runs.parse().ok()).unwrap_or(40);
    let image = args.next();
    let host = Host::probe(&std::env::temp_dir().join("plimsoll-overhead")).unwrap();
    let python = python();
    let (mut execs, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    let (mut trivials, mut trues, mut dockers) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..=runs {
        let (one, other) = match run % 2 {
            0 => (sandboxed(&host, &python, &mut execs), bare(&python)),
            _ => {
                let other = bare(&python);
                (sandboxed(&host, &python, &mut execs), other)
            }
        };
        // The first of each fills the page cache.
        if run > 0 {
            ours.push(one);
            theirs.push(other);
            trivials.push(trivial(&host));
            trues.push(timed("/bin/true", &[]));
            dockers
                .extend(image.iter().map(|image| timed("docker", &["run", "--rm", image, "true"])));
        }
    }
    execs.remove(0);
    let of =
        |starts: &[Start], what: fn(&Start) -> f64| starts.iter().map(what).collect::<Vec<f64>>();
    println!("{runs} runs each, in turns; milliseconds");
    println!(
        "start to exec: median {:.2}, P95 {:.2}",
        quantile(&execs, 0.5),
        quantile(&execs, 0.95)
    );
    let (a, b) = (of(&ours, |s| s.0), of(&theirs, |s| s.0));
    println!(
        "port open: container {:.1}, bare process {:.1}",
        quantile(&a, 0.5),
        quantile(&b, 0.5)
    );
    // Pair by pair: what the machine does else is in both.
    let pairs: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
    println!("  difference, median of pairs: {:+.2}", quantile(&pairs, 0.5));
    let (a, b) = (of(&ours, |s| s.1), of(&theirs, |s| s.1));
    let pairs: Vec<f64> = a.iter().zip(&b).map(|(a, b)| (a / b - 1.0) / 10.0).collect();
    println!(
        "CPU until then: container {:.1}, bare process {:.1}",
        quantile(&a, 0.5),
        quantile(&b, 0.5)
    );
    println!("  difference, median of pairs: {:+.2} %", quantile(&pairs, 0.5));
    println!(
        "true: container {:.2} all in all, bare {:.2}",
        quantile(&trivials, 0.5),
        quantile(&trues, 0.5)
    );
    if !dockers.is_empty() {
        let docker = quantile(&dockers, 0.5);
        let times =
            (docker - quantile(&trues, 0.5)) / (quantile(&trivials, 0.5) - quantile(&trues, 0.5));
        println!("docker run: {docker:.1}; the container's overhead is {times:.0} times less");
    }
    let _ = fs::remove_dir("/sys/fs/cgroup/cpuacct/plimsoll-overhead");
}
