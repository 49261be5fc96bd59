//! Every engine held to the promises of `engine::Engine` and `engine::Container`.
//!
//! `suite.rs` has the promises; the fake, our own runtime, the Docker Engine
//! (`scripts/test-engine` starts it) and,
//! with the feature `truth`, BuildKit's daemon keep them. `broken.rs` is about engines that do not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod broken;
#[cfg(feature = "truth")]
mod buildkit;
mod docker;
mod embedded;
mod fake;
mod folder;
mod suite;

/// The promises as tests of an engine; `$subject` makes one for a story.
macro_rules! conformance {
    (images and containers of $subject:path) => {
        crate::conformance!(
            $subject;
            an_image_is_named_and_forgotten,
            what_it_has_not_is_said,
            a_program_ends_at_once,
            a_program_that_is_not_there,
            a_program_that_stops_when_asked,
            a_program_that_does_not_listen,
            a_program_that_wants_too_much_memory,
            what_is_printed_is_bounded,
        );
    };
    ($subject:path; $($promise:ident),* $(,)?) => {
        $(
            #[test]
            fn $promise() {
                crate::suite::$promise(&$subject);
            }
        )*
    };
    ($subject:path) => {
        crate::conformance!(
            $subject;
            says_what_it_is,
            a_build_tells_its_steps,
            a_second_build_is_cached,
            a_build_that_fails_is_a_report,
            a_cancelled_build_leaves_nothing,
            an_archive_is_whole,
        );
        crate::conformance!(images and containers of $subject);
    };
}
pub(crate) use conformance;
