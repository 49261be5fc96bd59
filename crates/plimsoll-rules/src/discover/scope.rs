//! What is known of variables where something stands.

use std::collections::BTreeMap;

use plimsoll_syntax::expression;
use plimsoll_syntax::shell::Word;

use crate::repo::{EnvVar, Fact, Job, Workflow};

/// Variables and context values that are known.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Variables of the environment and of the shell.
    pub vars: BTreeMap<String, String>,
    /// Context paths such as `inputs.tag` and `matrix.service`.
    contexts: BTreeMap<String, String>,
}

impl Scope {
    /// What a step of a job knows: `env:` of workflow, job and step, and the matrix if it has
    /// only one combination.
    #[must_use]
    pub fn of_step(workflow: &Workflow, job: &Job, step: &[EnvVar]) -> Self {
        let only = if job.matrix.len() == 1 { job.matrix[0].as_slice() } else { &[] };
        Self::of_row(workflow, job, step, only)
    }

    /// The same for one combination of the matrix.
    #[must_use]
    pub fn of_row(
        workflow: &Workflow,
        job: &Job,
        step: &[EnvVar],
        row: &[(String, Fact<String>)],
    ) -> Self {
        let mut scope = Self::default();
        for (key, value) in row {
            scope.contexts.insert(format!("matrix.{key}"), value.value.clone());
        }
        for vars in [&workflow.env, &job.env, step] {
            scope.add(vars);
        }
        scope
    }

    fn add(&mut self, vars: &[EnvVar]) {
        for var in vars {
            let resolved = self.expand(&var.value.value);
            self.vars.insert(var.name.value.clone(), resolved.text);
        }
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: String) {
        self.vars.insert(name.to_owned(), value);
    }

    /// Replaces the `${{ }}` expressions of a text.
    #[must_use]
    pub fn expand(&self, text: &str) -> expression::Resolved {
        expression::resolve(text, &|path| self.context(path))
    }

    fn context(&self, path: &str) -> Option<String> {
        let value = match path.split_once('.') {
            Some(("env", name)) => self.vars.get(name),
            _ => self.contexts.get(path),
        };
        // A value with unknown parts would pass for a whole one inside an expression.
        value.filter(|v| !v.contains("${{")).cloned().or_else(|| self.partial(path))
    }

    /// An `env` value that holds unknown expressions is kept as its text: `a:${{ github.sha }}`.
    fn partial(&self, path: &str) -> Option<String> {
        path.strip_prefix("env.").and_then(|name| self.vars.get(name)).cloned()
    }

    /// Replaces the variables and expressions of a word.
    #[must_use]
    pub fn word(&self, word: &Word) -> plimsoll_syntax::shell::Resolved {
        word.resolve(&|name| {
            if name.starts_with("${{") {
                let resolved = self.expand(name);
                return resolved.unknown.is_empty().then_some(resolved.text);
            }
            self.vars.get(name).cloned()
        })
    }
}
