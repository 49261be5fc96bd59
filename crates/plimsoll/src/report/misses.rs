//! Why steps of a build run again, as a page for the terminal.

use std::fmt::Write as _;

use plimsoll_model::{
    CacheSetup, ChangedValue, ComparedBuild, Date, ExplainedStep, MissCause, MissReport, StepName,
    StepOutcome, ValueOf, count, printable,
};

use super::replay::{Paint, shortened};
use crate::ui::{self, Colour};

/// Where the text of a step begins.
const COLUMN: usize = 21;
/// How many files of a step are listed where other steps are, too.
const SOME_FILES: usize = 8;

/// The comparison of a service's builds. `whole` leaves nothing out.
pub(crate) fn page(report: &MissReport, whole: bool, colour: Colour) -> String {
    let page = Page { report, whole, paint: Paint(colour.on()), width: ui::width() };
    let mut out = page.head();
    out.push('\n');
    for step in &report.steps {
        page.step(&mut out, step);
    }
    page.foot(&mut out);
    out
}

struct Page<'r> {
    report: &'r MissReport,
    whole: bool,
    paint: Paint,
    width: usize,
}

impl Page<'_> {
    fn head(&self) -> String {
        let report = self.report;
        let (before, after) = (side(&report.before), side(&report.after));
        let mut out = String::new();
        let at = if report.after.commit.is_some() { "at" } else { "in" };
        let name = self.paint.bold(&printable(&report.service));
        let title = format!(
            "{name}: {} of {} steps run {at} {after} after {before}",
            count(report.misses() as f64),
            count(report.steps.len() as f64),
        );
        // Of one step the count says nothing.
        let title = match self.whole {
            true => format!("{name} {at} {after} after {before}"),
            false => title,
        };
        let _ = writeln!(out, "{title}");
        for (name, build) in [("before", &report.before), ("after", &report.after)] {
            let day = build.seconds.map(|seconds| Date::from_unix(seconds).to_string());
            let text = format!(
                "  {name:<7} {:<10}  {}  {}",
                side(build),
                day.as_deref().unwrap_or(""),
                printable(&build.subject)
            );
            let _ = writeln!(out, "{}", self.cut(text.trim_end()));
        }
        if report.before.dockerfile != report.after.dockerfile {
            let (old, new) = (&report.before.dockerfile, &report.after.dockerfile);
            let _ = writeln!(out, "  {} was {} before", printable(new), printable(old));
        }
        if report.current == Some(CacheSetup::None) {
            let _ = writeln!(
                out,
                "  the pipeline keeps no cache: every step runs; below is what a kept one would save"
            );
        }
        out
    }

    fn step(&self, out: &mut String, step: &ExplainedStep) {
        let word = match step.outcome {
            StepOutcome::Hit => "hits",
            StepOutcome::Shared => "shared",
            StepOutcome::Miss | StepOutcome::Depends | StepOutcome::NotKept => "runs",
        };
        let line = format!("line {}", step.step.line);
        let text = format!("  {line:<10} {word:<7} {}", printable(&step.step.text));
        let text = self.cut(&text);
        let runs = step.outcome.runs();
        let _ = writeln!(out, "{}", if runs { self.paint.bold(&text) } else { text });
        match step.outcome {
            StepOutcome::Hit => {}
            StepOutcome::Shared => self.under(out, "the same work as an earlier step"),
            StepOutcome::NotKept => {
                let setup = self.report.current.unwrap_or(CacheSetup::Min);
                let kept = "is not kept, and a step that runs needs it";
                self.under(out, &format!("with {} its layer {kept}", written(setup)));
            }
            StepOutcome::Miss | StepOutcome::Depends => self.reasons(out, step),
        }
    }

    fn reasons(&self, out: &mut String, step: &ExplainedStep) {
        let Some((root, between)) = step.chain.split_last() else {
            step.causes.iter().for_each(|cause| self.cause(out, cause));
            return self.also(out, step);
        };
        let mut chain = String::new();
        let mut stage = &step.step.stage;
        for name in between {
            let _ = write!(chain, "<- line {}{} ", name.line, other_stage(stage, name));
            stage = &name.stage;
        }
        let place = format!("line {}{}", root.line, other_stage(stage, root));
        let texts: Vec<String> = step.causes.iter().map(|cause| self.short(cause)).collect();
        let text = shortened(&printable(&root.text), 40);
        self.under(out, &format!("{chain}<- {place} {text}: {}", texts.join("; ")));
        if self.whole {
            step.causes.iter().for_each(|cause| self.cause(out, cause));
        }
        self.also(out, step);
        if step.outcome == StepOutcome::Depends {
            self.under(out, "unless the stage it copies from writes the same bytes as before");
        }
    }

    fn also(&self, out: &mut String, step: &ExplainedStep) {
        for name in &step.also {
            let place = format!("line {}{}", name.line, other_stage(&step.step.stage, name));
            self.under(out, &format!("and {place}, which it needs, misses as well"));
        }
    }

    /// A cause with all that is known of it.
    fn cause(&self, out: &mut String, cause: &MissCause) {
        match cause {
            MissCause::New => self.under(out, "it is new"),
            MissCause::Below => self.under(out, "it stands on, or copies from, another step"),
            MissCause::Files { files, more } => {
                if files.is_empty() {
                    self.under(out, "folders without files differ: git does not keep them");
                }
                let most = if self.whole { files.len() } else { SOME_FILES };
                for file in files.iter().take(most) {
                    let word = file.change.word();
                    self.under(out, &format!("{word:<8}  {}", printable(&file.path)));
                }
                let left = files.len().saturating_sub(most);
                match (left, more) {
                    (0, false) => {}
                    (0, true) => self.under(out, "and more"),
                    (left, false) => self.under(out, &format!("and {left} more (--step lists)")),
                    (left, true) => {
                        self.under(out, &format!("and more than {left} more (--step lists)"));
                    }
                }
            }
            MissCause::Value(value) => self.value(out, value),
        }
    }

    fn value(&self, out: &mut String, value: &ChangedValue) {
        if value.every_build {
            return self.under(out, &every_build(value));
        }
        self.under(out, &title(value));
        let text = |side: &Option<String>| match side {
            None => "not set".to_owned(),
            Some(text) if text.is_empty() => "\"\"".to_owned(),
            Some(text) => printable(text).into_owned(),
        };
        let room = self.width.saturating_sub(COLUMN + 8).max(20);
        let (before, after) = around((&text(&value.before), &text(&value.after)), room);
        self.under(out, &format!("before  {before}"));
        self.under(out, &format!("after   {after}"));
    }

    /// A cause in a few words.
    fn short(&self, cause: &MissCause) -> String {
        match cause {
            MissCause::New => "it is new".to_owned(),
            MissCause::Below => "it stands on another step".to_owned(),
            MissCause::Files { files, .. } if files.is_empty() => {
                "folders without files".to_owned()
            }
            MissCause::Files { files, more } => {
                let names: Vec<String> =
                    files.iter().take(3).map(|file| printable(&file.path).into_owned()).collect();
                let rest = match (files.len().saturating_sub(3), more) {
                    (0, _) => String::new(),
                    (left, false) => format!(" and {left} more"),
                    (left, true) => format!(" and more than {left} more"),
                };
                format!("{}{rest}", names.join(", "))
            }
            MissCause::Value(value) => match (&value.before, &value.after) {
                _ if value.every_build => every_build(value),
                (Some(old), Some(new)) if value.what == ValueOf::BaseImage => {
                    format!("{}: {} -> {}", title(value), printable(old), printable(new))
                }
                _ => title(value),
            },
        }
    }

    /// Text under a step.
    fn under(&self, out: &mut String, text: &str) {
        self.wrapped(out, COLUMN, text);
    }

    /// Text from a column on, over as many lines as it needs.
    fn wrapped(&self, out: &mut String, column: usize, text: &str) {
        let room = self.width.saturating_sub(column + 1).max(20);
        let mut line = String::new();
        for word in text.split(' ') {
            let long = line.chars().count() + 1 + word.chars().count();
            if !line.is_empty() && long > room {
                let _ = writeln!(out, "{:column$}{line}", "");
                // What goes on is set a little to the right.
                line = "  ".to_owned();
            } else if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        let _ = writeln!(out, "{:column$}{line}", "");
    }

    fn foot(&self, out: &mut String) {
        let mut notes = Vec::new();
        if self.report.ignore_changed {
            notes.push("the ignore file is another, too: it decides what is sent".to_owned());
        }
        notes.extend(self.report.assumptions.iter().cloned());
        if !notes.is_empty() {
            out.push('\n');
            self.wrapped(out, 2, &printable(&notes.join("; ")));
        }
    }

    fn cut(&self, text: &str) -> String {
        match self.whole {
            true => text.to_owned(),
            false => shortened(text, self.width.saturating_sub(1)),
        }
    }
}

fn side(build: &ComparedBuild) -> String {
    match &build.commit {
        Some(commit) => commit.chars().take(10).collect(),
        None => "the working tree".to_owned(),
    }
}

fn other_stage(stage: &str, name: &StepName) -> String {
    match name.stage == stage {
        true => String::new(),
        false => format!(" ({})", printable(&name.stage)),
    }
}

fn written(setup: CacheSetup) -> String {
    match setup {
        CacheSetup::Inline => "type=inline".to_owned(),
        other => format!("mode={}", other.name()),
    }
}

fn title(value: &ChangedValue) -> String {
    let name = printable(value.name.as_deref().unwrap_or(""));
    match value.what {
        ValueOf::Instruction => "the instruction is another".to_owned(),
        ValueOf::Expanded => "the instruction is another with its arguments put in".to_owned(),
        ValueOf::BaseImage => "the base image is another".to_owned(),
        ValueOf::Order if name.is_empty() => "the order of what it sees is another".to_owned(),
        ValueOf::Order => format!("{name} stands at another place among the variables"),
        ValueOf::Directory => "the working directory is another".to_owned(),
        ValueOf::User => "the user is another".to_owned(),
        ValueOf::Shell => "the shell is another".to_owned(),
        ValueOf::Variable => format!("{name} has another value"),
        ValueOf::Source => "what it copies from is another".to_owned(),
    }
}

/// A value that is another in every build, with what stands around the part that is.
fn every_build(value: &ChangedValue) -> String {
    let subject = match (&value.name, value.what) {
        (Some(name), _) => printable(name).into_owned(),
        (None, ValueOf::BaseImage) => "the base image".to_owned(),
        (None, ValueOf::Directory) => "the working directory".to_owned(),
        (None, _) => "the instruction with its arguments put in".to_owned(),
    };
    let whole = value.after.as_deref().filter(|text| *text != crate::replays::THIS_BUILD);
    let text = whole.map(|text| format!(" ({})", shortened(&printable(text), 60)));
    format!("{subject} is another in every build{}", text.unwrap_or_default())
}

/// How much of what two texts share is shown before they differ.
const SHARED: usize = 20;

/// Two texts, cut so that the place where they begin to differ is seen.
fn around((before, after): (&str, &str), room: usize) -> (String, String) {
    let shared = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    let longest = before.chars().count().max(after.chars().count());
    let skip = if longest <= room || shared <= SHARED { 0 } else { shared - SHARED };
    let part = |text: &str| {
        let text: String = text.chars().skip(skip).collect();
        let text = if skip > 0 { format!("…{text}") } else { text };
        shortened(&text, room.saturating_sub(1))
    };
    (part(before), part(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_where_they_differ() {
        assert_eq!(around(("ab", "ac"), 20), ("ab".to_owned(), "ac".to_owned()));
        let (old, new) = (format!("{}1{}", "x".repeat(50), "y".repeat(50)), "x".repeat(51));
        let (old, new) = around((&old, &new), 40);
        assert!(old.starts_with("…xxxx") && old.contains("1yy") && old.ends_with('…'), "{old}");
        assert_eq!(new, format!("…{}", "x".repeat(21)));
    }
}
