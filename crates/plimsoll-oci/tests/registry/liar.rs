//! A server that answers as a test tells it to, one request a connection.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// `GET /v2/…`.
    pub(crate) line: String,
    head: String,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| {
            line.split_once(':').is_some_and(|(key, _)| key.eq_ignore_ascii_case(name))
        };
        self.head.lines().find(named).and_then(|line| line.split_once(": ")).map(|(_, value)| value)
    }
}

/// How a connection ends.
pub(crate) enum End {
    Close,
    /// With an RST: what comes after the bytes that were sent is an error, not an end.
    Reset,
}

/// A server of a test. It lives as long as the process.
pub(crate) struct Liar {
    /// `127.0.0.1:PORT`.
    pub(crate) host: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Liar {
    /// Answers with the request and how many came before it.
    pub(crate) fn start<F>(answer: F) -> Self
    where
        F: Fn(&Seen, usize, &mut TcpStream) -> End + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (all, answer) = (Arc::clone(&seen), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (all, answer) = (Arc::clone(&all), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &all, &*answer));
            }
        });
        Self { host, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn port(&self) -> &str {
        self.host.rsplit_once(':').unwrap().1
    }
}

/// The last byte of the request stays unread until the end: a connection that is closed over
/// unread bytes is reset.
fn serve(
    mut stream: TcpStream,
    all: &Mutex<Vec<Seen>>,
    answer: &dyn Fn(&Seen, usize, &mut TcpStream) -> End,
) {
    let Some((seen, length)) = peek(&stream) else { return };
    stream.read_exact(&mut vec![0; length - 1]).unwrap();
    let count = {
        let mut all = all.lock().unwrap();
        all.push(seen.clone());
        all.len() - 1
    };
    match answer(&seen, count, &mut stream) {
        End::Close => {
            let _ = stream.read(&mut [0; 1]);
        }
        // What was sent shall arrive first.
        End::Reset => std::thread::sleep(Duration::from_millis(50)),
    }
}

fn peek(stream: &TcpStream) -> Option<(Seen, usize)> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = stream.peek(&mut buffer).ok().filter(|length| *length > 0)?;
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let line = head.lines().next().unwrap_or_default().to_owned();
            let seen = Seen { line, head: head.to_owned(), body: body.to_owned() };
            let wanted = seen.header("content-length").and_then(|value| value.parse().ok());
            if body.len() >= wanted.unwrap_or(0) {
                return Some((seen, length));
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Sends a whole answer; `head` is what follows `HTTP/1.1 `.
pub(crate) fn say(stream: &mut TcpStream, head: &str, body: &[u8]) -> End {
    say_part(stream, head, body.len(), body)
}

/// Sends an answer that promises another length than it has.
pub(crate) fn say_part(stream: &mut TcpStream, head: &str, length: usize, body: &[u8]) -> End {
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    // The other side may have had enough.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    End::Close
}

/// Sends without end, until nobody listens any more.
pub(crate) fn say_endlessly(stream: &mut TcpStream, head: &str, begin: &[u8]) -> End {
    let head = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(begin));
    while stream.write_all(&[b' '; 4096]).is_ok() {}
    End::Close
}
