//! One stage becomes two: what copies the workspace, installs and builds stays where it is; what
//! follows ships. The stage that ships repeats what it needs of the steps before.

use super::Deploy;
use super::after_install::{Part, part};
use crate::layout::{Moment, image_path};
use crate::remedy::change::Changes;
use crate::remedy::dockerfile::{after, offset, text_of};
use crate::repo::{CopyStep, Stage, StepKind};

impl Deploy<'_, '_> {
    /// The step that begins the stage which ships.
    pub(super) fn split_at(&self) -> Result<usize, String> {
        let stage = self.stage();
        let last =
            stage.steps.iter().enumerate().rposition(|(index, step)| {
                self.is_builder(index, step) && self.is_of_service(step)
            });
        let last = last.map_or(self.install.moment.step, |l| l.max(self.install.moment.step));
        self.check_before(stage, last + 1)?;
        Ok(last + 1)
    }

    /// Whether a COPY brings files to the workspace; any other step does.
    fn is_of_service(&self, step: &crate::repo::Step) -> bool {
        let StepKind::Copy(copy) = &step.kind else { return true };
        let index = self.stage().steps.iter().position(|s| std::ptr::eq(s, step));
        let at = Moment { stage: self.stage().index, step: index.unwrap_or_default() };
        let cwd = self.case.layout.cwd(at).unwrap_or("/");
        let dest = image_path::join(cwd, &copy.dest.value);
        image_path::below(&self.top, &dest).is_some()
    }

    /// Whether the steps that are repeated mean the same without the files of the service.
    fn check_before(&self, stage: &Stage, end: usize) -> Result<(), String> {
        let mut copied = false;
        for step in stage.steps.iter().take(end) {
            match &step.kind {
                StepKind::Copy(c) if c.from.is_none() && !self.is_of_service(step) => {
                    return Err(format!(
                        "a file is copied to {} before the build ends",
                        c.dest.value
                    ));
                }
                StepKind::Copy(c) if c.from.is_none() => copied = true,
                StepKind::Copy(_) if self.is_of_service(step) => {
                    return Err("files of another stage are copied into the service".to_owned());
                }
                StepKind::Run(command) if part(command) == Part::Both && copied => {
                    let run = text_of(self.text(), &step.at);
                    let line = run.lines().next().unwrap_or(run);
                    return Err(format!(
                        "it cannot be told whether the image that ships needs `{line}`"
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Ends the builder with a command, and begins the stage that ships.
    pub(super) fn split(
        &self,
        end: usize,
        command: &str,
        changes: &mut Changes,
    ) -> Result<(), String> {
        let stage = self.stage();
        let text = self.text();
        let builder = ["build", "builder", "deploy"];
        let builder = builder.into_iter().find(|n| self.case.file.target(Some(n)).is_none());
        let builder = builder.ok_or("stages are called build, builder and deploy")?;
        let from = text_of(text, &stage.at);
        let words: Vec<&str> = from.split_whitespace().collect();
        let image = words.iter().take_while(|w| !w.eq_ignore_ascii_case("as")).copied();
        let image = image.collect::<Vec<_>>().join(" ");
        changes.replace(&stage.at, format!("{image} AS {builder}"));
        let mut ship = format!("\n{from}\n");
        for step in stage.steps.iter().take(end).filter(|s| is_repeated(&s.kind)) {
            ship.push_str(&format!("{}\n", text_of(text, &step.at)));
        }
        let cwd = self.case.layout.cwd(Moment { stage: stage.index, step: end - 1 });
        let dest = if cwd == Some(&self.place) { "./" } else { self.place.as_str() };
        let chown = self.owner(end)?.map_or(String::new(), |o| format!("--chown={o} "));
        ship.push_str(&format!("COPY --from={builder} {chown}{} {dest}\n", self.out));
        let at = offset(after(text, &stage.steps[end - 1].at));
        let newline = self.newline(at);
        changes.insert(&self.case.file.path, at, format!("{newline}{command}{ship}"));
        Ok(())
    }

    /// Whom the files of the service belong to.
    fn owner(&self, end: usize) -> Result<Option<String>, String> {
        let copies = self.stage().steps.iter().take(end);
        let copies = copies.filter_map(|s| match &s.kind {
            StepKind::Copy(CopyStep { from: None, chown, .. }) => Some(chown),
            _ => None,
        });
        let mut owners: Vec<Option<&str>> =
            copies.map(|c| c.as_ref().map(|c| c.value.as_str())).collect();
        owners.dedup();
        match owners[..] {
            [] => Ok(None),
            [one] => Ok(one.map(str::to_owned)),
            // The manifests may be root's; the sources are what matters.
            [None, Some(one)] => Ok(Some(one.to_owned())),
            _ => Err("the files of the service have several owners".to_owned()),
        }
    }
}

/// Whether the stage that ships needs a step of the builder, too. What is repeated right after
/// FROM is built once.
fn is_repeated(kind: &StepKind) -> bool {
    match kind {
        StepKind::Run(command) => part(command) == Part::Both,
        StepKind::Copy(copy) => copy.from.is_some(),
        _ => true,
    }
}
