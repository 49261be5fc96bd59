//! What a thread that does not run waits for: its system call, and the sockets of it.

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use plimsoll_model::WaitKind;

use super::processes::text;

/// How many files of one call are looked at.
const FILES: u64 = 64;

/// A system call and its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Call {
    number: i64,
    args: [u64; 6],
}

/// The form of `/proc/…/syscall`; one that runs, or was interrupted, has none.
fn call(text: &str) -> Option<Call> {
    let mut parts = text.split_whitespace();
    let number = parts.next()?.parse().ok().filter(|number| *number >= 0)?;
    let mut args = [0; 6];
    for arg in &mut args {
        *arg = u64::from_str_radix(parts.next()?.strip_prefix("0x")?, 16).ok()?;
    }
    Some(Call { number, args })
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Its first argument is a file.
    File,
    /// Some files: where they stand, and how many.
    Poll,
    /// Files below a number.
    Select,
    /// Files that another one knows.
    Epoll,
    Sleep,
}

#[cfg(target_arch = "x86_64")]
const FORMS: &[(Form, &[i64])] = &[
    // read, readv, pread64; connect, sendto, recvfrom, sendmsg, recvmsg, recvmmsg.
    (Form::File, &[0, 19, 17, 42, 44, 45, 46, 47, 299]),
    (Form::Poll, &[7, 271]),
    (Form::Select, &[23, 270]),
    (Form::Epoll, &[232, 281, 441]),
    (Form::Sleep, &[35, 230]),
];
#[cfg(target_arch = "aarch64")]
const FORMS: &[(Form, &[i64])] = &[
    (Form::File, &[63, 65, 67, 203, 206, 207, 211, 212, 243]),
    (Form::Poll, &[73]),
    (Form::Select, &[72]),
    (Form::Epoll, &[22, 441]),
    (Form::Sleep, &[101, 115]),
];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const FORMS: &[(Form, &[i64])] = &[];

/// Sockets of the network that a service opened, and not those that others opened to it.
pub(super) struct Sockets {
    inodes: HashSet<u64>,
    /// Its own port: who connects there is served, and not waited for.
    port: Option<u16>,
}

impl Sockets {
    pub(super) fn of(port: Option<u16>) -> Self {
        Self { inodes: HashSet::new(), port }
    }

    fn read(&mut self, pid: i32) {
        self.inodes.clear();
        for kind in ["tcp", "tcp6", "udp", "udp6"] {
            let table = text(&format!("/proc/{pid}/net/{kind}")).unwrap_or_default();
            self.inodes.extend(table.lines().skip(1).filter_map(|line| outward(line, self.port)));
        }
    }

    fn has(&mut self, pid: i32, inode: u64) -> bool {
        if !self.inodes.contains(&inode) {
            self.read(pid);
        }
        self.inodes.contains(&inode)
    }
}

/// The number of a socket that is neither listening nor of this port.
fn outward(line: &str, port: Option<u16>) -> Option<u64> {
    let mut fields = line.split_whitespace();
    let local = fields.nth(1)?.rsplit_once(':')?.1;
    let local = u16::from_str_radix(local, 16).ok()?;
    let state = fields.nth(1)?;
    let inode = fields.nth(5)?.parse().ok().filter(|inode| *inode != 0)?;
    (state != "0A" && Some(local) != port).then_some(inode)
}

/// What a thread waits for, which does not run: its state, as `/proc` says it.
pub(super) fn wait(pid: i32, state: char, sockets: &mut Sockets) -> WaitKind {
    if state == 'D' {
        return WaitKind::Disk;
    }
    let asked = text(&format!("/proc/{pid}/task/{pid}/syscall"));
    let Some(call) = asked.as_deref().and_then(call) else { return WaitKind::Other };
    let Some(form) = form(call) else { return WaitKind::Other };
    if form == Form::Sleep {
        return WaitKind::Sleep;
    }
    let of_network = files(pid, form, call).into_iter().any(|file| {
        let link = fs::read_link(format!("/proc/{pid}/fd/{file}")).ok();
        let inode = link.as_ref().and_then(|link| {
            link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
        });
        inode.is_some_and(|inode| sockets.has(pid, inode))
    });
    if of_network { WaitKind::Network } else { WaitKind::Other }
}

fn form(call: Call) -> Option<Form> {
    let form =
        FORMS.iter().find(|(_, numbers)| numbers.contains(&call.number)).map(|(form, _)| *form)?;
    // Waiting for no file is how some programs sleep.
    let of_none = match form {
        Form::Poll => call.args[1] == 0,
        Form::Select => call.args[0] == 0,
        _ => false,
    };
    Some(if of_none { Form::Sleep } else { form })
}

/// The files that a call waits for.
fn files(pid: i32, form: Form, call: Call) -> Vec<u64> {
    let [first, second, ..] = call.args;
    match form {
        Form::File => vec![first],
        Form::Poll => polled(&memory(pid, first, 8 * second.min(FILES))),
        Form::Select => selected(&memory(pid, second, first.min(1024).div_ceil(64) * 8)),
        Form::Epoll => {
            let info = text(&format!("/proc/{pid}/fdinfo/{first}")).unwrap_or_default();
            let targets =
                info.lines().filter_map(|line| line.strip_prefix("tfd:")).take(FILES as usize);
            targets.filter_map(|rest| rest.split_whitespace().next()?.parse().ok()).collect()
        }
        Form::Sleep => Vec::new(),
    }
}

fn memory(pid: i32, at: u64, length: u64) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let file = File::open(format!("/proc/{pid}/mem"));
    match file.and_then(|file| file.read_exact_at(&mut bytes, at)) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

/// A file of four bytes, then what is asked of it.
fn polled(bytes: &[u8]) -> Vec<u64> {
    let numbers = bytes.chunks_exact(8).map(|b| i32::from_ne_bytes([b[0], b[1], b[2], b[3]]));
    numbers.filter_map(|number| u64::try_from(number).ok()).collect()
}

/// One bit for each file.
fn selected(bytes: &[u8]) -> Vec<u64> {
    let bits =
        (0..bytes.len() as u64 * 8).filter(|bit| bytes[(bit / 8) as usize] >> (bit % 8) & 1 == 1);
    bits.take(FILES as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_numbers_and_arguments() {
        let text = "7 0x7ffd 0x1 0xffffffffffffffff 0x0 0x0 0x0 0x7ffd3eb81cb8 0x7f2d4b0372ad\n";
        assert_eq!(call(text).map(|call| (call.number, call.args[1])), Some((7, 1)));
        for text in ["", "running", "-1 0x7ffd 0x7f2d", "7 0x1", "7 1 2 3 4 5 6"] {
            assert_eq!(call(text), None, "{text}");
        }
    }

    #[test]
    fn sockets_that_listen_or_serve_are_not_waited_for() {
        let line = |port: &str, state: &str| {
            format!(
                "   0: 0100007F:{port} 0100007F:1538 {state} 00000000:00000000 00:00000000 00000000     0        0 27631 1 0"
            )
        };
        assert_eq!(outward(&line("C350", "02"), Some(8080)), Some(27631));
        assert_eq!(outward(&line("1F90", "01"), Some(8080)), None);
        assert_eq!(outward(&line("C350", "0A"), Some(8080)), None);
        assert_eq!(outward("  sl  local_address rem_address", None), None);
    }

    #[test]
    fn files_are_read_from_what_the_call_points_to() {
        assert_eq!(polled(&[3, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0, 9]), [3]);
        assert_eq!(selected(&[0b1001, 0, 1]), [0, 3, 16]);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn waiting_for_no_file_is_sleep() {
        let call = |number, args| form(Call { number, args });
        assert_eq!(call(23, [0, 0, 0, 0, 9, 0]), Some(Form::Sleep));
        assert_eq!(call(7, [9, 1, 0, 0, 0, 0]), Some(Form::Poll));
        assert_eq!(call(7, [9, 0, 5, 0, 0, 0]), Some(Form::Sleep));
        assert_eq!(call(202, [0; 6]), None);
    }
}
