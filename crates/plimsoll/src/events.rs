//! One stream of events: whoever wants to know what a run does listens to it.

use plimsoll_model::Happened;

/// Who listens; stages that run side by side may call it at once.
pub(crate) type Listen<'l> = &'l (dyn Fn(Happened) + Sync);

/// Listens to nothing.
pub(crate) fn nobody(_: Happened) {}

/// Does a part of a run, its beginning and end told.
pub(crate) fn stage<T>(listen: Listen<'_>, name: &str, work: impl FnOnce() -> T) -> T {
    listen(Happened::StageBegun { stage: name.to_owned() });
    let result = work();
    listen(Happened::StageEnded { stage: name.to_owned() });
    result
}
