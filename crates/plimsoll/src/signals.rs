//! Signals: who is interrupted ends in good order, and ends what it started.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use plimsoll_measure::engine::Cancel;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::failure::Failure;

/// A wish to stop that is set when somebody interrupts or ends us. From then on a signal does no
/// more than that: whoever asks for it must look at it.
pub(crate) fn wish_to_stop() -> Result<Cancel, Failure> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&flag))
            .map_err(|error| Failure::missing(format!("failed to listen to signals: {error}")))?;
    }
    Ok(Cancel::on(flag))
}
