//! Connections that break in the middle of a blob.

use std::time::{Duration, Instant};

use plimsoll_oci::registry::{Remote, Settings};
use plimsoll_oci::{Descriptor, Error};

use crate::image::{describe, noise};
use crate::liar::{End, Liar, Seen, say, say_part};
use crate::{bytes, open, settings};

fn blob() -> (Vec<u8>, Descriptor) {
    let blob = noise(7, 200_000);
    let descriptor = describe("x", &blob);
    (blob, descriptor)
}

fn start(seen: &Seen) -> usize {
    let range = seen.header("range").and_then(|range| range.strip_prefix("bytes="));
    range.and_then(|range| range.strip_suffix('-')).map_or(0, |start| start.parse().unwrap())
}

/// A server that sends at most `most` bytes a connection and continues where it is asked to.
fn stuttering(blob: Vec<u8>, most: usize, end: fn() -> End) -> Liar {
    Liar::start(move |seen, _, stream| {
        let from = start(seen);
        let part = &blob[from..blob.len().min(from + most)];
        let range = format!("Content-Range: bytes {from}-{}/{}", blob.len() - 1, blob.len());
        let head = if from == 0 { "200 OK".into() } else { format!("206 Partial\r\n{range}") };
        say_part(stream, &head, blob.len() - from, part);
        if from + part.len() == blob.len() { End::Close } else { end() }
    })
}

#[test]
fn a_broken_blob_is_continued_where_it_broke() {
    let (blob, descriptor) = blob();
    for end in [(|| End::Reset) as fn() -> End, || End::Close] {
        let liar = stuttering(blob.clone(), 70_000, end);
        let remote = open(&format!("{}/app", liar.host));
        assert_eq!(bytes(&remote, &descriptor).unwrap(), blob);
        let seen = liar.seen();
        assert!(seen.len() >= 3, "{seen:?}");
        assert_eq!(seen[0].header("range"), None);
        assert!(seen[1..].iter().all(|seen| start(seen) > 0));
    }
}

fn fails(liar: &Liar, part: &str) -> String {
    let remote = open(&format!("{}/app", liar.host));
    let error = bytes(&remote, &blob().1).unwrap_err();
    assert!(matches!(error, Error::Stream(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(part), "{part}: {text}");
    text
}

#[test]
fn a_connection_that_always_breaks_is_given_up() {
    let liar = stuttering(blob().0, 1000, || End::Reset);
    let text = fails(&liar, "of 200000 bytes came, 5 resumptions)");
    assert!(text.contains("the connection broke: "), "{text}");
    assert_eq!(liar.seen().len(), 6);
    let mute = Liar::start(|_, _, _| End::Close);
    fails(&mute, "the connection broke");
    assert_eq!(mute.seen().len(), 6);
}

#[test]
fn a_registry_that_cannot_continue_is_named() {
    let (blob, _) = blob();
    let liar = Liar::start(move |_, _, stream| {
        say_part(stream, "200 OK", blob.len(), &blob[..1000]);
        End::Reset
    });
    fails(&liar, "cannot continue (it ignores Range): try again (1000 of 200000 bytes came");
    assert_eq!(liar.seen().len(), 2);
}

#[test]
fn a_range_that_nobody_asked_for_is_not_taken() {
    for head in ["206 Partial\r\nContent-Range: bytes 5-199999/200000", "206 Partial"] {
        let (blob, _) = blob();
        let liar = Liar::start(move |_, count, stream| {
            say_part(stream, if count == 0 { "200 OK" } else { head }, blob.len(), &blob[..1000])
        });
        fails(&liar, "another range than it was asked for");
    }
    let liar = Liar::start(|_, _, stream| {
        say(stream, "206 Partial\r\nContent-Range: bytes 0-9/10", &[0; 10])
    });
    fails(&liar, "the registry answers 206");
}

#[test]
fn a_registry_that_fails_for_a_moment_is_asked_again() {
    let (blob, descriptor) = blob();
    let bytes_sent = blob.clone();
    let liar = Liar::start(move |_, count, stream| match count {
        0 => say(stream, "503 Busy", b""),
        1 => say(stream, "500 Oh", b"no JSON"),
        _ => say(stream, "200 OK", &bytes_sent),
    });
    assert_eq!(bytes(&open(&format!("{}/app", liar.host)), &descriptor).unwrap(), blob);
    let down = Liar::start(|_, _, stream| say(stream, "502 Bad Gateway", b""));
    fails(&down, "the registry fails (502 Bad Gateway): try again later");
}

#[test]
fn a_blob_that_ends_too_early_without_a_length_is_found_out() {
    let liar = Liar::start(|seen, _, stream| match start(seen) {
        0 => {
            use std::io::Write as _;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nonly this");
            End::Close
        }
        _ => say(stream, "416 No", b""),
    });
    let error = bytes(&open(&format!("{}/app", liar.host)), &blob().1).unwrap_err().to_string();
    assert!(error.contains("the registry has fewer bytes than its size (416"), "{error}");
}

#[test]
fn silence_is_not_waited_for_without_end() {
    let (blob, descriptor) = blob();
    let sent = blob.clone();
    let liar = Liar::start(move |seen, _, stream| {
        let from = start(seen);
        if from == 0 {
            say_part(stream, "200 OK", sent.len(), &sent[..1000]);
            std::thread::sleep(Duration::from_secs(20));
            return End::Close;
        }
        let head = format!("206 Partial\r\nContent-Range: bytes {from}-199999/200000");
        say(stream, &head, &sent[from..])
    });
    let settings = Settings { silence: Duration::from_millis(300), ..settings() };
    let remote = Remote::open_with(&format!("{}/app", liar.host), settings).unwrap();
    let begin = Instant::now();
    assert_eq!(bytes(&remote, &descriptor).unwrap(), blob);
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
}

#[test]
fn an_error_stays_an_error_for_who_reads_on() {
    use std::io::Read as _;
    let liar = Liar::start(|_, _, stream| say(stream, "200 OK", &noise(8, 200_000)));
    let mut reader = open(&format!("{}/app", liar.host)).blob(&blob().1).unwrap();
    let first = reader.read_to_end(&mut Vec::new()).unwrap_err();
    let second = reader.read(&mut [0; 10]).unwrap_err();
    assert!(matches!(Error::from(first), Error::Digest { .. }));
    assert!(matches!(Error::from(second), Error::Digest { .. }));
}

#[test]
fn who_reads_no_further_than_the_size_has_read_checked_bytes() {
    use std::io::Read as _;
    let liar = Liar::start(|_, _, stream| say(stream, "200 OK", &noise(8, 200_000)));
    let mut reader = open(&format!("{}/app", liar.host)).blob(&blob().1).unwrap();
    assert!(reader.read_exact(&mut vec![0; 200_000]).is_err());
}

#[test]
fn who_reads_slowly_holds_back_the_registry() {
    use std::io::{Read as _, Write as _};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let size = 1 << 30;
    let liar = Liar::start(move |_, _, stream| {
        say_part(stream, "200 OK", size, b"");
        while stream.write_all(&[0; 1 << 16]).is_ok() {
            count.fetch_add(1 << 16, Ordering::Relaxed);
        }
        End::Close
    });
    let descriptor = Descriptor { size: size as u64, ..blob().1 };
    let remote = open(&format!("{}/app", liar.host));
    let mut reader = remote.blob(&descriptor).unwrap();
    reader.read_exact(&mut [0; 10]).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    // What the operating system buffers between two sockets, and one piece of ours.
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent < 32 << 20, "{sent}");
}
