//! The app: arguments and wiring. What it does is in `commands/`, one file a verb.

mod bench;
mod boots;
mod builds;
mod commands;
mod contexts;
mod events;
mod explore;
mod failure;
mod images;
mod lsp;
mod measuring;
mod pipeline;
mod replays;
mod report;
mod repository;
mod signals;
mod store;
mod ui;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use plimsoll_model::Exit;

use crate::failure::Failure;

/// Production sign-off for container services, measured not estimated.
#[derive(Parser)]
#[command(name = "plimsoll", version, about, long_about = None, disable_help_subcommand = true)]
#[command(
    after_help = "Exit codes: 0 passed · 1 internal · 2 usage or configuration · 3 something needed is missing · \
10 conditional · 11 rejected · 12 not proven · 13 build failed · 130 interrupted. `review --fail-on` chooses which verdicts fail."
)]
struct Cli {
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: ui::Colour,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Reads a repository's delivery pipeline and gives the sign-off.
    Review(commands::review::Args),
    /// Measures what is sent to the builder.
    Context(commands::context::Args),
    /// Builds a service, and says how long each step took and what it added.
    Build(commands::build::Args),
    /// Computes the hits of the build cache from the git history, without building.
    Replay(commands::replay::Args),
    /// Says why steps of a build run again from one commit to another.
    ExplainMiss(commands::explain_miss::Args),
    /// Builds services, looks into their images, loads, starts and stops them.
    Measure(commands::measure::Args),
    /// Starts a service cold, again and again, under the limits of production, and says what it takes.
    Boot(commands::boot::Args),
    /// Shows what an image holds: layers, owners, waste, secrets, and whether it can start.
    Image(commands::image::Args),
    /// Shows or applies the fixes of the findings.
    Fix(commands::fix::Args),
    /// Judges a recorded run again, from its record alone.
    Judge(commands::judge::Args),
    /// Lists, shows or removes recorded runs.
    Runs(commands::runs::Args),
    /// Explains a rule, or lists them all.
    Explain(commands::explain::Args),
    /// Serves an editor: findings, figures and fixes while you type.
    Lsp(commands::lsp::Args),
    /// Writes a commented plimsoll.toml for what it finds.
    Init(commands::init::Args),
    /// Prints a completion script for a shell.
    Completions(commands::completions::Args),
    /// Prints the manual page.
    #[command(hide = true)]
    Man,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Passed };
            // Nothing can be done where the terminal is gone.
            let _ = error.print();
            return ExitCode::from(exit.code());
        }
    };
    let colour = cli.color;
    let done = match cli.command {
        Command::Review(args) => commands::review::run(&args, colour),
        Command::Context(args) => commands::context::run(&args),
        Command::Build(args) => commands::build::run(&args, colour),
        Command::Replay(args) => commands::replay::run(&args, colour),
        Command::ExplainMiss(args) => commands::explain_miss::run(&args, colour),
        Command::Measure(args) => commands::measure::run(&args, colour),
        Command::Boot(args) => commands::boot::run(&args, colour),
        Command::Image(args) => commands::image::run(&args, colour),
        Command::Fix(args) => commands::fix::run(&args, colour),
        Command::Judge(args) => commands::judge::run(&args, colour),
        Command::Runs(args) => commands::runs::run(&args),
        Command::Explain(args) => commands::explain::run(&args, colour),
        Command::Lsp(args) => commands::lsp::run(&args),
        Command::Init(args) => commands::init::run(&args),
        Command::Completions(args) => commands::completions::run(&args, &mut command()),
        Command::Man => commands::completions::man(&command()),
    };
    let exit = done.unwrap_or_else(|Failure { exit, what, hint }| {
        ui::error(what, hint.as_deref());
        exit
    });
    ExitCode::from(exit.code())
}

fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}
