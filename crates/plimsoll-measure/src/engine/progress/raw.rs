//! The progress of newer clients: a JSON object a line, with the builder's own times.

use std::collections::HashMap;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::time;
use super::{Change, Log, STEPS, Step, cut, push};

/// What has to be remembered between lines.
#[derive(Debug, Default)]
pub(super) struct Raw {
    /// The number of each vertex by its digest, and what is known of its times.
    vertices: HashMap<String, Vertex>,
    /// The first time that was seen: the build's beginning.
    origin: Option<SystemTime>,
}

#[derive(Debug)]
struct Vertex {
    number: u32,
    /// When the part that runs now began, and how long those before it took: what is looked up
    /// in a cache first begins more than once.
    began: Option<SystemTime>,
    before: f64,
}

impl Raw {
    pub(super) fn is_used(&self) -> bool {
        !self.vertices.is_empty()
    }

    /// Reads a line; none where it is not of this form.
    pub(super) fn line(&mut self, log: &mut Log, line: &str) -> Option<Vec<Change>> {
        let value: Value = serde_json::from_str(line).ok()?;
        let list = |key: &str| value.get(key).and_then(Value::as_array);
        let known = ["vertexes", "statuses", "logs", "warnings"];
        if !known.iter().any(|key| list(key).is_some()) {
            return None;
        }
        let mut changes = Vec::new();
        for vertex in list("vertexes").into_iter().flatten() {
            changes.extend(self.vertex(log, vertex));
        }
        for status in list("statuses").into_iter().flatten() {
            changes.extend(self.status(log, status));
        }
        for said in list("logs").into_iter().flatten() {
            self.said(log, said, &mut changes);
        }
        Some(changes)
    }

    fn vertex(&mut self, log: &mut Log, value: &Value) -> Option<Change> {
        let (digest, name) = (text(value, "digest")?, text(value, "name")?);
        let at = |key: &str| text(value, key).and_then(time::parse);
        let (started, completed) = (at("started"), at("completed"));
        // A step that waits has not begun, and one that is cancelled never does.
        if started.is_none() && !self.vertices.contains_key(digest) {
            return None;
        }
        let next = u32::try_from(self.vertices.len() + 1).unwrap_or(u32::MAX);
        if self.vertices.len() >= STEPS && !self.vertices.contains_key(digest) {
            return None;
        }
        let vertex = self.vertices.entry(digest.to_owned()).or_insert(Vertex {
            number: next,
            began: None,
            before: 0.0,
        });
        let place = log.place(vertex.number, name)?;
        let step = log.steps.get_mut(place)?;
        if let Some(started) = started {
            let origin = *self.origin.get_or_insert(started);
            vertex.begin(step, started, time::between(origin, started));
        }
        if let (Some(began), Some(completed)) = (vertex.began, completed) {
            step.seconds = Some(vertex.before + time::between(began, completed).max(0.0));
        }
        step.cached |= value.get("cached").and_then(Value::as_bool).unwrap_or(false);
        if let Some(error) = text(value, "error").filter(|error| !error.is_empty()) {
            step.error = Some(cut(error).to_owned());
        }
        Some(Change::Step(place))
    }

    fn status(&self, log: &mut Log, value: &Value) -> Option<Change> {
        let place = self.place(log, value)?;
        let step = log.steps.get_mut(place).filter(|step| step.loads_context())?;
        text(value, "id")?.strip_prefix("transferring ")?;
        let bytes = value.get("current").and_then(Value::as_u64)?;
        step.transferred = Some(step.transferred.unwrap_or(0).max(bytes));
        Some(Change::Step(place))
    }

    fn said(&self, log: &mut Log, value: &Value, changes: &mut Vec<Change>) {
        let Some(place) = self.place(log, value) else { return };
        let Some(step) = log.steps.get_mut(place) else { return };
        let data = text(value, "data").and_then(|data| STANDARD.decode(data).ok());
        let data = data.unwrap_or_default();
        for line in String::from_utf8_lossy(&data).lines().filter(|line| !line.is_empty()) {
            push(&mut step.tail, line);
            changes.push(Change::Said(place, cut(line).to_owned()));
        }
    }

    fn place(&self, log: &Log, value: &Value) -> Option<usize> {
        let number = self.vertices.get(text(value, "vertex")?)?.number;
        log.steps.iter().rposition(|step| step.number == number)
    }
}

impl Vertex {
    fn begin(&mut self, step: &mut Step, started: SystemTime, since: f64) {
        if self.began == Some(started) {
            return;
        }
        if self.began.is_some() {
            self.before = step.seconds.take().unwrap_or(self.before);
        }
        self.began = Some(started);
        step.started.get_or_insert(since.max(0.0));
    }
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::super::Reader;

    #[test]
    fn times_are_the_builders_own() {
        let mut reader = Reader::default();
        let lines = [
            r#"{"vertexes":[{"digest":"a","name":"[internal] load build context","started":"2026-01-31T10:00:00Z"},{"digest":"b","name":"[2/2] RUN make"}]}"#,
            r#"{"statuses":[{"id":"transferring context:","vertex":"a","current":1234567}]}"#,
            r#"{"vertexes":[{"digest":"a","name":"[internal] load build context","started":"2026-01-31T10:00:00Z","completed":"2026-01-31T10:00:01.25Z"}]}"#,
            r#"{"vertexes":[{"digest":"b","name":"[2/2] RUN make","started":"2026-01-31T10:00:02Z"}]}"#,
            r#"{"logs":[{"vertex":"b","stream":1,"data":"b25lCnR3bwo="}]}"#,
            r#"{"vertexes":[{"digest":"b","name":"[2/2] RUN make","started":"2026-01-31T10:00:02Z","completed":"2026-01-31T10:00:05.5Z","error":"exit code: 1"}]}"#,
            "ERROR: failed to solve",
        ];
        let changes: usize = lines.iter().map(|line| reader.line(line, Some(9.0)).len()).sum();
        assert_eq!(changes, 7);
        assert!(reader.is_exact());
        let [context, make] = &reader.log.steps[..] else { panic!("{:?}", reader.log) };
        assert_eq!((context.started, context.seconds), (Some(0.0), Some(1.25)));
        assert_eq!(reader.log.transferred(), Some(1_234_567));
        assert_eq!((make.started, make.seconds), (Some(2.0), Some(3.5)));
        assert_eq!(make.tail, ["one", "two"]);
        assert_eq!(reader.log.failed().unwrap().instruction(), "RUN make");
        assert_eq!(reader.log.other, ["ERROR: failed to solve"]);
    }

    #[test]
    fn a_step_that_begins_twice_took_both_times() {
        let mut reader = Reader::default();
        for (from, to) in [("01", "02"), ("05", "08")] {
            reader.line(
                &format!(r#"{{"vertexes":[{{"digest":"a","name":"[1/1] RUN a","started":"2026-01-31T10:00:{from}Z","completed":"2026-01-31T10:00:{to}Z"}}]}}"#),
                None,
            );
        }
        assert_eq!(reader.log.steps[0].seconds, Some(4.0));
    }
}
