//! The interactive view of an image: keys and screen. What keys do is in [`keys`], to what in
//! [`state`], how it looks in [`draw`].

mod details;
mod draw;
mod keys;
mod lists;
mod paint;
mod rows;
mod sight;
mod state;
#[cfg(test)]
mod tests;
mod tree;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_model::ImageReport;
use plimsoll_oci::Analysis;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use signal_hook::consts::{SIGINT, SIGTERM};

use self::paint::Theme;
use self::state::State;
use crate::failure::Failure;
use crate::ui::{self, Colour};

/// Refuses where nobody can watch or press keys.
///
/// # Errors
/// Where standard input or output is no terminal, or the image itself comes by standard input.
pub(crate) fn needs_terminal(image: &str) -> Result<(), Failure> {
    if image == "-" {
        let what = "--interactive reads keys from standard input, and so no image";
        return Err(Failure::usage(what).hint("write the archive to a file"));
    }
    if ui::is_terminal() {
        return Ok(());
    }
    let what = "--interactive needs a terminal for input and output";
    Err(Failure::usage(what).hint("leave it out for the page, or write one with --html FILE"))
}

/// Shows an image until its reader leaves.
///
/// # Errors
/// Where the image has no layers, or the terminal is gone.
pub(crate) fn run(
    analysis: &Analysis<'_>,
    report: &ImageReport,
    colour: Colour,
) -> Result<(), Failure> {
    let state = State::new(analysis, report);
    let Some(mut state) = state else {
        return Err(Failure::missing(format!("{} has no layers to look at", report.image)));
    };
    let failed =
        |error: io::Error| Failure::missing(format!("failed to use the terminal: {error}"));
    let theme = Theme(colour.on());
    let ended = ended().map_err(failed)?;
    // Made first: a terminal that is set up by half is restored, too.
    let restored = Restored;
    let mut terminal = ratatui::try_init().map_err(failed)?;
    let done = show(&mut terminal, &mut state, theme, &ended);
    drop(restored);
    done.map_err(failed)
}

/// Set when the program is asked to end: it leaves by itself, to give the terminal back. Who asks
/// twice gets their way at once. A terminal that is closed need not be given back: that ends it as ever.
fn ended() -> io::Result<Arc<AtomicBool>> {
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&ended))?;
        signal_hook::flag::register(signal, Arc::clone(&ended))?;
    }
    Ok(ended)
}

/// How long it takes at the most to see that the program is asked to end.
const PATIENCE: Duration = Duration::from_millis(200);

fn show(
    terminal: &mut DefaultTerminal,
    state: &mut State<'_>,
    theme: Theme,
    ended: &AtomicBool,
) -> io::Result<()> {
    while !state.is_done {
        terminal.draw(|frame| draw::draw(frame, state, theme))?;
        while !event::poll(PATIENCE)? {
            if ended.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
        // A key that is held down should not be drawn one by one.
        while !state.is_done && event::poll(Duration::ZERO)? {
            take(event::read()?, state);
        }
    }
    Ok(())
}

/// Takes an event. Another size is drawn in the next turn.
fn take(event: Event, state: &mut State<'_>) {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => state.key(key),
        _ => {}
    }
}

/// Gives the terminal back, however the view ends.
struct Restored;

impl Drop for Restored {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing to give back.
        let _ = ratatui::try_restore();
    }
}
