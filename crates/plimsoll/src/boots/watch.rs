//! Says how far a measurement of starts is.

use plimsoll_measure::boot::Progress;
use plimsoll_model::{Boot, BootOutcome, median, seconds};

use crate::ui::{self, Live};

/// On a terminal a line that changes; else a line now and then.
pub(crate) struct Watch {
    name: String,
    live: Option<Live>,
    times: Vec<f64>,
    last: String,
    at: (u32, u32),
}

/// How many lines are said where nobody watches.
const LINES: u32 = 10;

impl Watch {
    pub(crate) fn new(name: &str) -> Self {
        let live = ui::is_watched().then(Live::default);
        Self { name: name.to_owned(), live, times: Vec::new(), last: String::new(), at: (0, 0) }
    }

    pub(crate) fn tell(&mut self, progress: Progress<'_>) {
        match progress {
            Progress::Starts(number, of) => self.at = (number, of),
            Progress::Done(boot) => {
                self.times.extend(boot.ready);
                self.last = said(boot);
                let (number, of) = self.at;
                if self.live.is_none() && (number == of || number % of.div_ceil(LINES).max(1) == 1)
                {
                    ui::note(self.line());
                }
            }
            Progress::Holds => self.last = "left running".to_owned(),
        }
        let lines = [self.line()];
        if let Some(live) = &mut self.live {
            live.show(&lines);
        }
    }

    fn line(&self) -> String {
        let (number, of) = self.at;
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        let median = median(&times).map_or(String::new(), |m| format!(", median {}", seconds(m)));
        let last = if self.last.is_empty() { "starting" } else { &self.last };
        format!("{}: start {number} of {of}: {last}{median}", self.name)
    }
}

fn said(boot: &Boot) -> String {
    match (&boot.outcome, boot.ready) {
        (BootOutcome::Ready, Some(time)) => seconds(time),
        (BootOutcome::Ready, None) => "it runs".to_owned(),
        _ => "it did not become ready".to_owned(),
    }
}
