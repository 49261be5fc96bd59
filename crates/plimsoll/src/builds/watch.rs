//! Tells whoever waits what a build is at.

use plimsoll_measure::engine::BuildEvent;

use super::Now;
use crate::report::board;
use crate::ui::{self, Live};

/// On a terminal a line for each stage; else a line for each step that came to its end.
pub(crate) struct Watch {
    now: Now,
    live: Option<Live>,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self { now: Now::new(), live: ui::is_watched().then(Live::default) }
    }

    pub(crate) fn tell(&mut self, event: BuildEvent<'_>) {
        let ended = match event {
            BuildEvent::Step(step) => self.now.step(step),
            // A build may say much: the lines are drawn anew by the steps and the clock.
            BuildEvent::Said(..) => return,
            BuildEvent::Tick => None,
        };
        match (&mut self.live, ended) {
            (Some(live), _) => {
                live.show(&board::lines(&self.now.stages(), self.now.seconds(), ui::width()));
            }
            (None, Some(step)) => ui::note(board::ended(&step)),
            (None, None) => {}
        }
    }
}
