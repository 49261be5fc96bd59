//! What a stage amounts to: the settings that hold at its end, those it inherits included.

use std::collections::BTreeMap;

use plimsoll_syntax::dockerfile::Base;

use crate::repo::{Command, DockerfileView, Fact, Place, Step, StepKind};

/// The settings of an image that is built from a stage.
#[derive(Debug, Default)]
pub struct Effective<'a> {
    /// CMD, unless an ENTRYPOINT below it took it away.
    pub cmd: Option<(&'a Step, &'a Command)>,
    /// ENTRYPOINT.
    pub entrypoint: Option<(&'a Step, &'a Command)>,
    /// HEALTHCHECK.
    pub healthcheck: Option<(&'a Step, &'a Command)>,
    /// USER.
    pub user: Option<&'a Fact<String>>,
    /// The ports of EXPOSE.
    pub expose: Vec<&'a Fact<String>>,
    /// The variables of ENV.
    pub env: BTreeMap<&'a str, &'a Fact<String>>,
    /// WORKDIR, as it was last written.
    pub workdir: Option<&'a Fact<String>>,
    /// The image below all of it: its reference, whether it is known, and where it is named.
    pub base: Option<(&'a str, bool, &'a Place)>,
}

/// The settings at the end of a stage.
#[must_use]
pub fn effective(file: &DockerfileView, stage: usize) -> Effective<'_> {
    let mut all = Effective::default();
    for stage in file.lineage(stage) {
        if !matches!(stage.base, Base::Stage(_)) {
            all.base = Some((&stage.image.value, stage.image_known, &stage.image.at));
        }
        for step in &stage.steps {
            all.add(step);
        }
    }
    all
}

impl<'a> Effective<'a> {
    fn add(&mut self, step: &'a Step) {
        match &step.kind {
            StepKind::Cmd(command) => self.cmd = Some((step, command)),
            StepKind::Entrypoint(command) => {
                // An ENTRYPOINT takes away the CMD it inherits, not one of its own stage below it.
                self.entrypoint = Some((step, command));
            }
            StepKind::Healthcheck(check) => self.healthcheck = check.as_ref().map(|c| (step, c)),
            StepKind::User(user) => self.user = Some(user),
            StepKind::Expose(ports) => self.expose.extend(ports),
            StepKind::Env(pairs) => {
                self.env.extend(pairs.iter().map(|(n, v)| (n.value.as_str(), v)))
            }
            StepKind::Workdir(folder) => self.workdir = Some(folder),
            _ => {}
        }
    }

    /// The command that starts the service: ENTRYPOINT, else CMD.
    #[must_use]
    pub fn starts(&self) -> Option<(&'a Step, &'a Command)> {
        self.entrypoint.or(self.cmd)
    }
}
