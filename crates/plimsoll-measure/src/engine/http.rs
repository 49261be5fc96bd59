//! Asks a port whether it is open, and a path whether it answers.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long one question may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// How long an open port must stay silent to be believed: engines forward ports by a program of
/// their own, which takes every connection and drops it where nobody listens behind it.
const SILENCE: Duration = Duration::from_millis(40);

/// A connection to an open port of an engine on this machine.
pub(crate) fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(SILENCE))?;
    match stream.peek(&mut [0]) {
        // Somebody who speaks first is somebody.
        Ok(1..) => Ok(stream),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Ok(stream)
        }
        Ok(0) => Err(ErrorKind::ConnectionRefused.into()),
        Err(error) => Err(error),
    }
}

/// The status with which a path is answered; `None` where it is not.
pub(crate) fn get(mut stream: TcpStream, path: &str, patience: Duration) -> Option<u16> {
    stream.set_read_timeout(Some(patience)).ok()?;
    stream.set_write_timeout(Some(patience)).ok()?;
    // A path of a repository must not become a second request.
    let path: String = path.chars().filter(|c| !c.is_control() && *c != ' ').collect();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: plimsoll\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).ok()?;
    status(&mut stream)
}

/// The number of a status line.
fn status(stream: &mut impl Read) -> Option<u16> {
    let mut head = Vec::new();
    let mut byte = [0];
    while head.len() < 64 && stream.read(&mut byte).ok()? == 1 && byte[0] != b'\n' {
        head.push(byte[0]);
    }
    let line = String::from_utf8(head).ok()?;
    let mut words = line.split_whitespace();
    words.next()?.starts_with("HTTP/1.").then(|| words.next()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn a_status_line_has_a_number() {
        for (text, wanted) in [
            ("HTTP/1.1 200 OK\r\n", Some(200)),
            ("HTTP/1.0 503 \r\n", Some(503)),
            ("SSH-2.0-x\r\n", None),
            ("HTTP/1.1\r\n", None),
            ("", None),
            (&"x".repeat(1000), None),
        ] {
            assert_eq!(status(&mut text.as_bytes()), wanted, "{text}");
        }
    }

    #[test]
    fn a_port_behind_which_nobody_listens_is_not_open() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // As the forwarder of an engine does.
        let forwarder = thread::spawn(move || drop(listener.accept().unwrap()));
        assert!(open(address).is_err());
        forwarder.join().unwrap();
        assert!(open(address).is_err());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(open(listener.local_addr().unwrap()).is_ok());
    }
}
