//! Runs a program in layers: `run LAYER… -- PROGRAM…`.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "it is an example")]

use std::time::Duration;

use plimsoll_sandbox::{Host, Limits, Spec};

fn main() {
    let mut args = std::env::args().skip(1);
    let layers = args.by_ref().take_while(|a| a != "--").map(Into::into).collect();
    let host = Host::probe(&std::env::temp_dir().join("plimsoll-seat")).unwrap();
    let spec = Spec {
        layers,
        user_marks: !host.has_users(),
        args: args.collect(),
        env: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        limits: Limits { cpus: Some(1.0), memory: Some(256 << 20), pids: Some(100) },
        kept: 1 << 20,
        ..Spec::default()
    };
    println!("{} {:?}", host.cgroups(), host.limited());
    for _ in 0..10 {
        let before = std::time::Instant::now();
        let prepared = host.prepare(&spec).unwrap();
        let ready = before.elapsed();
        let mut container = prepared.start().unwrap();
        let exec = container.exec();
        let ended = container.wait(Duration::from_secs(10));
        println!("prepared {ready:?}, exec {exec:?}, {ended:?}, {:?}", container.usage());
        let (out, err) = container.printed();
        println!("{}{}", out.text(), err.text());
    }
}
