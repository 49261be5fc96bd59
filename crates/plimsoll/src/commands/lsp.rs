//! `plimsoll lsp`: reviews for an editor.

use plimsoll_model::Exit;

use crate::failure::Failure;
use crate::lsp;

/// How the editor speaks.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Over standard input and output; there is no other way, and editors that say so may.
    #[arg(long)]
    stdio: bool,
}

/// Serves until the editor ends it.
pub(crate) fn run(_: &Args) -> Result<Exit, Failure> {
    Ok(if lsp::serve()? { Exit::Passed } else { Exit::Internal })
}
