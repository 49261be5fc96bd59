//! The only place that prints: results on stdout, everything else on stderr.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_model::printable;

/// Writes a result to stdout. A reader that has gone away (`| head`) is no error.
pub(crate) fn result(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Says something that is no result.
pub(crate) fn note(text: impl Display) {
    // Nothing can be done where stderr itself is gone.
    let _ = writeln!(io::stderr().lock(), "{}", printable(&text.to_string()));
}

/// Says what went wrong and what to do about it.
pub(crate) fn error(what: impl Display, hint: Option<&str>) {
    note(format_args!("error: {what}"));
    if let Some(hint) = hint {
        note(format_args!("hint: {hint}"));
    }
}

/// Whether a person watches and can press keys.
pub(crate) fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Does work, and where a person watches and it takes long, says now and then how far it is.
pub(crate) fn while_working<T>(state: &(dyn Fn() -> String + Sync), work: impl FnOnce() -> T) -> T {
    if !io::stderr().is_terminal() {
        return work();
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut shown = false;
            // The first word after half a second: short work says nothing.
            for tick in 1.. {
                std::thread::sleep(Duration::from_millis(50));
                if done.load(Ordering::Relaxed) {
                    break;
                }
                if tick >= 10 && tick % 4 == 0 {
                    let _ = write!(io::stderr().lock(), "\r\u{1b}[K{}", printable(&state()));
                    shown = true;
                }
            }
            if shown {
                let _ = write!(io::stderr().lock(), "\r\u{1b}[K");
            }
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        result
    })
}

/// Whether a person watches stderr.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Some lines at the foot of a terminal that say what goes on; they go when it is over.
#[derive(Default)]
pub(crate) struct Live {
    shown: usize,
}

impl Live {
    /// Shows these lines instead of those before.
    pub(crate) fn show(&mut self, lines: &[String]) {
        let mut text = self.up();
        for line in lines {
            text.push_str(&printable(line));
            text.push('\n');
        }
        self.shown = lines.len();
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Back to the first line, everything below it gone.
    fn up(&self) -> String {
        match self.shown {
            0 => String::new(),
            lines => format!("\u{1b}[{lines}A\r\u{1b}[J"),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = io::stderr().lock().write_all(self.up().as_bytes());
    }
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Colour {
    /// Whether stdout gets colour.
    pub(crate) fn on(self) -> bool {
        let wanted = || std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => io::stdout().is_terminal() && wanted(),
        }
    }
}

/// The columns of the page: `COLUMNS`, those of the terminal, or 100 where there is none.
pub(crate) fn width() -> usize {
    let set = std::env::var("COLUMNS").ok().and_then(|c| c.parse::<usize>().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    set.or_else(terminal).filter(|c| (40..=400).contains(c)).unwrap_or(100)
}
