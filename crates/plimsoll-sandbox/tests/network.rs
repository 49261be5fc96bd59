//! Who reaches whom.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::time::{Duration, Instant};

use common::{Jail, soon};
use plimsoll_sandbox::{Container, Network, Reach};

fn answer(container: &Container, port: u16, reach: Reach) -> Option<String> {
    let mut stream = container.connect(port, reach).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(b"GET /page HTTP/1.0\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

fn served(address: &str) -> Container {
    let jail = Jail::new().with(|spec| {
        spec.files = vec![("/www/page".to_owned(), b"hello from inside".to_vec())];
        (spec.user, spec.group) = (1000, 1000);
    });
    jail.args(&["httpd", "-f", "-p", address, "-h", "/www"]).start().unwrap()
}

#[test]
fn a_service_is_reached_as_others_reach_it() {
    // Below 1024, and not as root.
    let container = served("0.0.0.0:80");
    for reach in [Reach::Service, Reach::Localhost] {
        assert!(
            soon(|| answer(&container, 80, reach).is_some_and(|a| a.ends_with("hello from inside"))),
            "{reach:?}"
        );
    }
    assert_eq!(
        container.connect(81, Reach::Service).unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );
}

#[test]
fn what_listens_on_localhost_is_reached_there_alone() {
    let container = served("127.0.0.1:8080");
    assert!(soon(|| answer(&container, 8080, Reach::Localhost).is_some()));
    let refused = container.connect(8080, Reach::Service).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    // The refused socket is used once more, for either address.
    assert!(answer(&container, 8080, Reach::Localhost).is_some());
}

#[test]
fn a_thousand_refusals_cost_no_descriptors() {
    let container = Jail::new().args(&["sleep", "100"]).start().unwrap();
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open();
    for _ in 0..1000 {
        assert!(container.connect(8080, Reach::Service).is_err());
    }
    assert!(open() <= before + 1);
}

#[test]
fn the_machine_is_not_reached_from_inside() {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let name = format!("jail-test-{port}");
    let _abstract =
        UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let script = format!(
        "probe reach {name}; for at in 127.0.0.1 169.254.8.1 169.254.169.254 8.8.8.8; do \
        nc -w 2 $at {port} </dev/null && echo reached; done; ip route; ip -o link | wc -l; ping -c 1 -W 1 127.0.0.1 | grep -c '1 packets received'"
    );
    let began = Instant::now();
    let done = Jail::new().sh(&script).run();
    assert_eq!(done.out, "abstract Connection refused\n1\n1\n", "{}", done.err);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_network_of_the_machine_is_there_where_asked_for() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"from the machine").unwrap();
    });
    let jail = Jail::new().network(Network::Host).sh(&format!(
        "nc 127.0.0.1 {port}; test -e /etc/resolv.conf && echo; ip link add x type dummy"
    ));
    let done = jail.run();
    assert!(done.out.starts_with("from the machine"), "{done:?}");
    assert!(done.err.contains("ermitted"), "{done:?}");
    served.join().unwrap();
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let container = Jail::new().network(Network::Host).with(|spec| {
        spec.files = vec![("/www/page".to_owned(), b"hello".to_vec())];
    });
    let container = container
        .args(&["httpd", "-f", "-p", &format!("127.0.0.1:{free}"), "-h", "/www"])
        .start()
        .unwrap();
    assert!(soon(
        || answer(&container, free, Reach::Localhost).is_some_and(|a| a.ends_with("hello"))
    ));
}

#[test]
fn a_dead_container_is_not_connected_to() {
    let mut container = Jail::new().args(&["true"]).start().unwrap();
    container.wait(common::LONG).unwrap();
    let began = Instant::now();
    assert!(container.connect(80, Reach::Service).is_err());
    assert!(began.elapsed() < Duration::from_secs(5));
}
