//! `plimsoll completions` and the manual page.

use clap_complete::Shell;
use plimsoll_model::Exit;

use crate::failure::Failure;
use crate::ui;

/// Which shell.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

/// Prints the completion script.
pub(crate) fn run(args: &Args, command: &mut clap::Command) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "plimsoll", &mut script);
    ui::result(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Passed)
}

/// Prints the manual page.
pub(crate) fn man(command: &clap::Command) -> Result<Exit, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    ui::result(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Passed)
}
