//! GitHub workflows and composite actions, as far as rules and discovery look at them.

use std::sync::Arc;

use plimsoll_syntax::shell::{self, Script};
use plimsoll_syntax::yaml::{Node, Yaml};
use plimsoll_syntax::{Cooked, Span};

use super::{Fact, Place};

/// A workflow file, or a composite action (which has one job without a name).
#[derive(Debug)]
pub struct Workflow {
    /// The path.
    pub path: Arc<str>,
    /// The `name:`, or the path.
    pub name: String,
    /// The events that start it.
    pub on: Vec<Trigger>,
    /// `env:` of the workflow.
    pub env: Vec<EnvVar>,
    /// `concurrency:` of the workflow.
    pub concurrency: Option<Concurrency>,
    /// Where `permissions:` of the workflow stands, with its text for the short forms.
    pub permissions: Option<Permissions>,
    /// `defaults.run.working-directory`.
    pub working_directory: Option<Fact<String>>,
    /// The jobs, in order.
    pub jobs: Vec<Job>,
    /// Where `jobs:` begins: settings of the workflow can be inserted before it.
    pub jobs_key: Option<Place>,
}

/// An event that starts a workflow.
#[derive(Debug)]
pub struct Trigger {
    /// The event: `push`.
    pub event: Fact<String>,
    /// `branches:`.
    pub branches: Vec<Fact<String>>,
    /// `branches-ignore:`.
    pub branches_ignore: Vec<Fact<String>>,
    /// `tags:`.
    pub tags: Vec<Fact<String>>,
    /// `paths:`.
    pub paths: Vec<Fact<String>>,
    /// `paths-ignore:`.
    pub paths_ignore: Vec<Fact<String>>,
    /// `workflows:` of `workflow_run`.
    pub workflows: Vec<Fact<String>>,
}

/// A variable of an `env:` map.
#[derive(Clone, Debug)]
pub struct EnvVar {
    /// The name.
    pub name: Fact<String>,
    /// The value, expressions unresolved.
    pub value: Fact<String>,
    /// The same text with the way back to its lines.
    pub cooked: Cooked,
}

impl EnvVar {
    /// The lines of a value that is a list, each at its own place; blank ones left out.
    #[must_use]
    pub fn lines(&self) -> Vec<Fact<String>> {
        self.pieces('\n')
    }

    /// The items of a value that is a list of lines or of comma-separated items.
    #[must_use]
    pub fn items(&self) -> Vec<Fact<String>> {
        if self.value.value.contains('\n') { self.lines() } else { self.pieces(',') }
    }

    fn pieces(&self, separator: char) -> Vec<Fact<String>> {
        let text = self.cooked.text();
        let mut at = 0;
        let mut pieces = Vec::new();
        for piece in text.split(separator) {
            let trimmed = piece.trim();
            if !trimmed.is_empty() && !trimmed.starts_with('#') {
                let start = at + (piece.len() - piece.trim_start().len());
                let span = self.cooked.source_span(Span::new(start, start + trimmed.len()));
                pieces.push(Fact::new(trimmed.to_owned(), Place::new(&self.value.at.path, span)));
            }
            at += piece.len() + separator.len_utf8();
        }
        pieces
    }
}

/// A `concurrency:` setting.
#[derive(Debug)]
pub struct Concurrency {
    /// Where.
    pub at: Place,
    /// The group.
    pub group: Option<Fact<String>>,
    /// `cancel-in-progress:` as text.
    pub cancel: Option<Fact<String>>,
}

/// A `permissions:` setting.
#[derive(Debug)]
pub struct Permissions {
    /// Where.
    pub at: Place,
    /// `read-all`, `write-all`, or nothing for a map.
    pub all: Option<String>,
    /// Scope and access.
    pub scopes: Vec<(Fact<String>, String)>,
}

/// A job.
#[derive(Debug)]
pub struct Job {
    /// Its key.
    pub id: Fact<String>,
    /// The place of its first line within the file, key and body.
    pub at: Place,
    /// `runs-on:`, each label.
    pub runs_on: Vec<Fact<String>>,
    /// `needs:`.
    pub needs: Vec<Fact<String>>,
    /// `if:`.
    pub condition: Option<Fact<String>>,
    /// `environment:` name.
    pub environment: Option<Fact<String>>,
    /// `timeout-minutes:`.
    pub timeout: Option<Fact<String>>,
    /// `concurrency:`.
    pub concurrency: Option<Concurrency>,
    /// `permissions:`.
    pub permissions: Option<Permissions>,
    /// `env:`.
    pub env: Vec<EnvVar>,
    /// The combinations of the matrix that are written out, each a list of keys and values;
    /// empty without a matrix, and where it is computed.
    pub matrix: Vec<Vec<(String, Fact<String>)>>,
    /// Where the body of `strategy:` begins.
    pub strategy: Option<Place>,
    /// `strategy.fail-fast:`.
    pub fail_fast: Option<Fact<String>>,
    /// A called workflow (`uses:` of the job) with its inputs.
    pub uses: Option<Fact<String>>,
    /// `with:` of a called workflow.
    pub with: Vec<EnvVar>,
    /// `defaults.run.working-directory`.
    pub working_directory: Option<Fact<String>>,
    /// The steps.
    pub steps: Vec<Step>,
    /// Where the body begins: a setting of the job can be inserted there.
    pub body: Place,
}

/// A step.
#[derive(Debug)]
pub struct Step {
    /// The step as a whole.
    pub at: Place,
    /// `id:`.
    pub id: Option<Fact<String>>,
    /// `name:`.
    pub name: Option<Fact<String>>,
    /// `if:`.
    pub condition: Option<Fact<String>>,
    /// `uses:`.
    pub uses: Option<Fact<String>>,
    /// `with:`.
    pub with: Vec<EnvVar>,
    /// Where the body of `with:` begins.
    pub with_body: Option<Place>,
    /// `env:`.
    pub env: Vec<EnvVar>,
    /// `run:`.
    pub run: Option<Run>,
    /// `working-directory:`.
    pub working_directory: Option<Fact<String>>,
    /// `timeout-minutes:`.
    pub timeout: Option<Fact<String>>,
    /// `continue-on-error:`.
    pub continue_on_error: Option<Fact<String>>,
}

/// Shell text of a step, parsed.
#[derive(Debug)]
pub struct Run {
    /// The text, which knows its place in the file.
    pub text: Cooked,
    /// Its commands.
    pub script: Script,
    /// Where.
    pub at: Place,
}

impl Run {
    /// The place of a span of the script.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        Place::new(&self.at.path, self.text.source_span(span))
    }
}

impl Step {
    /// The action without its version: `docker/build-push-action`, in lower case.
    #[must_use]
    pub fn action(&self) -> Option<String> {
        let uses = &self.uses.as_ref()?.value;
        Some(uses.split('@').next().unwrap_or(uses).to_ascii_lowercase())
    }

    /// Whether what it does depends on the matrix.
    #[must_use]
    pub fn uses_matrix(&self) -> bool {
        let speaks = |text: &str| text.contains("matrix.");
        let vars = self.with.iter().chain(&self.env);
        vars.map(|v| v.value.value.as_str()).any(speaks)
            || self.run.as_ref().is_some_and(|r| speaks(r.text.text()))
    }

    /// The input of that name; names of inputs know no case.
    #[must_use]
    pub fn with(&self, name: &str) -> Option<&EnvVar> {
        self.with.iter().find(|v| v.name.value.eq_ignore_ascii_case(name))
    }

    /// The value of the input of that name.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Fact<String>> {
        self.with(name).map(|v| &v.value)
    }
}

impl Workflow {
    /// Reads a workflow or a composite action. `None` where the file is neither.
    #[must_use]
    pub fn read(path: &str, yaml: &Yaml) -> Option<Self> {
        let path: Arc<str> = path.into();
        let root = yaml.documents().next()?;
        let reader = Reader { path: Arc::clone(&path) };
        let (jobs, jobs_key) = match (root.get("jobs"), root.get_path(&["runs", "steps"])) {
            (Some(jobs), _) => {
                let key = root.entries().find(|(k, _)| k.as_str() == Some("jobs"));
                (
                    jobs.entries().map(|(k, v)| reader.job(k, v)).collect(),
                    key.map(|(k, _)| reader.place(k)),
                )
            }
            (None, Some(steps)) => (vec![reader.composite(root, steps)], None),
            (None, None) => return None,
        };
        Some(Self {
            name: root.get("name").and_then(|n| n.as_str()).unwrap_or(&path).to_owned(),
            on: root.get("on").map(|on| reader.triggers(on)).unwrap_or_default(),
            env: reader.vars(root.get("env")),
            concurrency: root.get("concurrency").map(|c| reader.concurrency(c)),
            permissions: root.get("permissions").map(|p| reader.permissions(p)),
            working_directory: reader.fact(root.get_path(&[
                "defaults",
                "run",
                "working-directory",
            ])),
            jobs,
            jobs_key,
            path,
        })
    }
}

/// Combinations of a matrix that are looked at, at the most.
const MAX_ROWS: usize = 64;

/// One combination of a matrix.
type Row = Vec<(String, Fact<String>)>;

struct Reader {
    path: Arc<str>,
}

impl Reader {
    fn place(&self, node: Node<'_>) -> Place {
        Place::new(&self.path, node.span())
    }

    fn fact(&self, node: Option<Node<'_>>) -> Option<Fact<String>> {
        let node = node?;
        Some(Fact::new(node.as_str()?.to_owned(), self.place(node)))
    }

    /// A scalar, or the scalars of a list.
    fn facts(&self, node: Option<Node<'_>>) -> Vec<Fact<String>> {
        let Some(node) = node else { return Vec::new() };
        match self.fact(Some(node)) {
            Some(fact) => vec![fact],
            None => node.items().filter_map(|n| self.fact(Some(n))).collect(),
        }
    }

    fn vars(&self, node: Option<Node<'_>>) -> Vec<EnvVar> {
        let entries = node.into_iter().flat_map(|n| n.entries());
        let var = |(k, v): (Node<'_>, Node<'_>)| {
            let value =
                self.fact(Some(v)).unwrap_or_else(|| Fact::new(String::new(), self.place(v)));
            Some(EnvVar { name: self.fact(Some(k))?, value, cooked: v.cooked() })
        };
        entries.filter_map(var).collect()
    }

    fn triggers(&self, on: Node<'_>) -> Vec<Trigger> {
        let bare = |event| Trigger {
            event,
            branches: vec![],
            branches_ignore: vec![],
            tags: vec![],
            paths: vec![],
            paths_ignore: vec![],
            workflows: vec![],
        };
        let simple = self.facts(Some(on));
        if !simple.is_empty() {
            return simple.into_iter().map(bare).collect();
        }
        let entry = |(key, body): (Node<'_>, Node<'_>)| {
            let list = |name| self.facts(body.get(name));
            Some(Trigger {
                event: self.fact(Some(key))?,
                branches: list("branches"),
                branches_ignore: list("branches-ignore"),
                tags: list("tags"),
                paths: list("paths"),
                paths_ignore: list("paths-ignore"),
                workflows: list("workflows"),
            })
        };
        on.entries().filter_map(entry).collect()
    }

    fn concurrency(&self, node: Node<'_>) -> Concurrency {
        let group = self.fact(Some(node)).or_else(|| self.fact(node.get("group")));
        Concurrency {
            at: self.place(node),
            group,
            cancel: self.fact(node.get("cancel-in-progress")),
        }
    }

    fn permissions(&self, node: Node<'_>) -> Permissions {
        let scope =
            |(k, v): (Node<'_>, Node<'_>)| Some((self.fact(Some(k))?, v.as_str()?.to_owned()));
        Permissions {
            at: self.place(node),
            all: node.as_str().filter(|t| !t.is_empty()).map(str::to_owned),
            scopes: node.entries().filter_map(scope).collect(),
        }
    }

    fn job(&self, key: Node<'_>, body: Node<'_>) -> Job {
        let environment = body.get("environment");
        let runs_on = body.get("runs-on");
        let labels = runs_on.and_then(|r| r.get("labels")).or(runs_on);
        Job {
            id: self.fact(Some(key)).unwrap_or_else(|| Fact::new(String::new(), self.place(key))),
            at: Place::new(&self.path, key.span().to(body.span())),
            runs_on: self.facts(labels),
            needs: self.facts(body.get("needs")),
            condition: self.fact(body.get("if")),
            environment: self.fact(environment).or_else(|| self.fact(environment?.get("name"))),
            timeout: self.fact(body.get("timeout-minutes")),
            concurrency: body.get("concurrency").map(|c| self.concurrency(c)),
            permissions: body.get("permissions").map(|p| self.permissions(p)),
            env: self.vars(body.get("env")),
            matrix: self.matrix(body),
            strategy: body.get("strategy").map(|s| self.place(s)),
            fail_fast: self.fact(body.get_path(&["strategy", "fail-fast"])),
            uses: self.fact(body.get("uses")),
            with: self.vars(body.get("with")),
            working_directory: self.fact(body.get_path(&["defaults", "run", "working-directory"])),
            steps: body
                .get("steps")
                .into_iter()
                .flat_map(|s| s.items())
                .map(|s| self.step(s))
                .collect(),
            body: self.place(body),
        }
    }

    fn composite(&self, root: Node<'_>, steps: Node<'_>) -> Job {
        let mut job = self.job(root, root);
        job.steps = steps.items().map(|s| self.step(s)).collect();
        job.runs_on.clear();
        job
    }

    /// The product of the keys, then each entry of `include` that adds a combination.
    fn matrix(&self, body: Node<'_>) -> Vec<Row> {
        let Some(matrix) = body.get_path(&["strategy", "matrix"]) else { return Vec::new() };
        let mut rows: Vec<Row> = vec![Vec::new()];
        for (key, values) in
            matrix.entries().filter(|(k, _)| !matches!(k.as_str(), Some("include" | "exclude")))
        {
            let Some(key) = key.as_str() else { continue };
            let values: Vec<Row> = values.items().map(|v| self.row(key, v)).collect();
            if values.is_empty() || rows.len() * values.len() > MAX_ROWS {
                continue;
            }
            rows = rows
                .iter()
                .flat_map(|row| values.iter().map(|v| [row.as_slice(), v].concat()))
                .collect();
        }
        rows.retain(|row| !row.is_empty());
        for entry in matrix.get("include").into_iter().flat_map(Node::items).take(MAX_ROWS) {
            let fields = entry.entries().filter_map(|(k, v)| Some(self.row(k.as_str()?, v)));
            rows.push(fields.flatten().collect());
        }
        rows
    }

    /// A value of a matrix key: itself, or the fields of a mapping as `key.field`.
    fn row(&self, key: &str, value: Node<'_>) -> Row {
        match self.fact(Some(value)) {
            Some(fact) => vec![(key.to_owned(), fact)],
            None => {
                let field = |(k, v): (Node<'_>, Node<'_>)| {
                    Some((format!("{key}.{}", k.as_str()?), self.fact(Some(v))?))
                };
                value.entries().filter_map(field).collect()
            }
        }
    }

    fn step(&self, node: Node<'_>) -> Step {
        let with = node.get("with");
        let run = node.get("run").map(|n| {
            let text = n.cooked();
            Run { script: shell::parse(text.text()), text, at: self.place(n) }
        });
        Step {
            at: self.place(node),
            id: self.fact(node.get("id")),
            name: self.fact(node.get("name")),
            condition: self.fact(node.get("if")),
            uses: self.fact(node.get("uses")),
            with: self.vars(with),
            with_body: with.map(|w| self.place(w)),
            env: self.vars(node.get("env")),
            run,
            working_directory: self.fact(node.get("working-directory")),
            timeout: self.fact(node.get("timeout-minutes")),
            continue_on_error: self.fact(node.get("continue-on-error")),
        }
    }
}
