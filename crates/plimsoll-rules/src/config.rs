//! `plimsoll.toml`: what a team adds to or corrects in what was found.
//!
//! A fault in it is a finding at its place, never a crash and never silently passed over.

use std::sync::Arc;

use plimsoll_model::{Date, Level, metric};
use plimsoll_syntax::Span;
use toml_edit::{Document, Item, TableLike};

use crate::repo::{Fact, Place};

/// The file's name, at the root of the repository.
pub const FILE: &str = "plimsoll.toml";

/// How a rule is set: off, or at a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSetting {
    /// The rule is not run.
    Off,
    /// Its findings weigh this much.
    Level(Level),
}

/// A service that the file adds or corrects.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceConfig {
    /// Its name, and where it is set.
    pub name: Fact<String>,
    /// The Dockerfile, from the repository's root.
    pub dockerfile: Option<Fact<String>>,
    /// The context's root, from the repository's root.
    pub context: Option<Fact<String>>,
    /// The target stage.
    pub target: Option<Fact<String>>,
    /// The image it is pushed as, without tag.
    pub image: Option<Fact<String>>,
    /// Its own budgets: metric and limit.
    pub budgets: Vec<(String, Fact<f64>)>,
}

/// A waiver of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverConfig {
    /// The rule.
    pub rule: String,
    /// The path it is limited to: a file, or a folder with everything below it.
    pub path: Option<String>,
    /// The last day it holds.
    pub until: Date,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub at: Place,
}

/// What `plimsoll.toml` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Days before a should-fix blocks.
    pub due_days: Option<i32>,
    /// Paths that are left out: a file, or a folder with everything below it.
    pub exclude: Vec<String>,
    /// Rules switched off or set to a level.
    pub rules: Vec<(Fact<String>, RuleSetting)>,
    /// Budgets for every service: metric and limit.
    pub budgets: Vec<(String, Fact<f64>)>,
    /// Services added or corrected.
    pub services: Vec<ServiceConfig>,
    /// Waivers.
    pub waivers: Vec<WaiverConfig>,
    /// The images that may be built on, where that is limited.
    pub allowed_bases: Option<Vec<String>>,
    /// The verdicts that make the program fail.
    pub fail_on: Option<Vec<String>>,
    /// What is wrong with the file.
    pub faults: Vec<Fact<String>>,
}

impl Config {
    /// Reads the text of a `plimsoll.toml` that stands at `path`.
    #[must_use]
    pub fn parse(path: &str, text: &str) -> Self {
        let path: Arc<str> = path.into();
        let mut reader = Reader { path: Arc::clone(&path), config: Self::default() };
        match Document::parse(text) {
            Ok(document) => reader.root(document.as_table()),
            Err(error) => {
                let span = error.span().map(|r| Span::new(r.start, r.end));
                let message = error.message().lines().next().unwrap_or("not TOML").to_owned();
                reader.config.faults.push(Fact::new(message, Place { path, span }));
            }
        }
        reader.config
    }

    /// Whether a path is left out.
    #[must_use]
    pub fn excludes(&self, path: &str) -> bool {
        self.exclude.iter().any(|e| covers(e, path))
    }
}

/// Whether `entry` names `path` or a folder above it.
#[must_use]
pub(crate) fn covers(entry: &str, path: &str) -> bool {
    let entry = entry.trim_end_matches("/**").trim_end_matches('/').trim_start_matches("./");
    path == entry || path.strip_prefix(entry).is_some_and(|rest| rest.starts_with('/'))
}

struct Reader {
    path: Arc<str>,
    config: Config,
}

impl Reader {
    fn place(&self, item: &Item) -> Place {
        Place { path: Arc::clone(&self.path), span: item.span().map(|r| Span::new(r.start, r.end)) }
    }

    fn key_place(&self, table: &dyn TableLike, key: &str) -> Place {
        let span = table.key(key).and_then(toml_edit::Key::span);
        Place { path: Arc::clone(&self.path), span: span.map(|r| Span::new(r.start, r.end)) }
    }

    fn fault(&mut self, at: Place, message: impl Into<String>) {
        self.config.faults.push(Fact::new(message.into(), at));
    }

    fn root(&mut self, table: &dyn TableLike) {
        for (key, item) in table.iter() {
            match key {
                "due-days" => self.due_days(item),
                "exclude" => self.config.exclude = self.strings(item, "exclude"),
                "allowed-bases" => {
                    self.config.allowed_bases = Some(self.strings(item, "allowed-bases"));
                }
                "fail-on" => self.config.fail_on = Some(self.verdicts(item)),
                "rules" => self.rules(item),
                "budgets" => self.config.budgets = self.budgets(item),
                "service" => self.services(item),
                "waiver" => self.waivers(item),
                other => self.unknown(
                    table,
                    other,
                    "due-days, exclude, allowed-bases, fail-on, rules, budgets, service, waiver",
                ),
            }
        }
    }

    fn unknown(&mut self, table: &dyn TableLike, key: &str, known: &str) {
        let at = self.key_place(table, key);
        self.fault(at, format!("unknown key `{key}`; the keys here are {known}"));
    }

    fn due_days(&mut self, item: &Item) {
        match item
            .as_integer()
            .and_then(|n| i32::try_from(n).ok())
            .filter(|n| (0..=3650).contains(n))
        {
            Some(days) => self.config.due_days = Some(days),
            None => {
                self.fault(self.place(item), "`due-days` wants a number of days from 0 to 3650")
            }
        }
    }

    fn verdicts(&mut self, item: &Item) -> Vec<String> {
        const KNOWN: [&str; 4] = ["conditional", "not-proven", "rejected", "never"];
        let names = self.strings(item, "fail-on");
        for name in names.iter().filter(|n| !KNOWN.contains(&n.as_str())) {
            self.fault(
                self.place(item),
                format!("`{name}` is no verdict that fails; use {}", KNOWN.join(", ")),
            );
        }
        names
    }

    fn strings(&mut self, item: &Item, key: &str) -> Vec<String> {
        let strings =
            item.as_array().map(|a| a.iter().map(|v| v.as_str().map(str::to_owned)).collect());
        let strings: Option<Vec<String>> = strings.unwrap_or_default();
        strings.unwrap_or_else(|| {
            self.fault(self.place(item), format!("`{key}` wants a list of strings"));
            Vec::new()
        })
    }

    fn string(&mut self, table: &dyn TableLike, key: &str) -> Option<Fact<String>> {
        let item = table.get(key)?;
        let at = self.place(item);
        match item.as_str() {
            Some(text) => Some(Fact::new(text.to_owned(), at)),
            None => {
                self.fault(at, format!("`{key}` wants a string"));
                None
            }
        }
    }

    fn table<'a>(&mut self, item: &'a Item, key: &str) -> Option<&'a dyn TableLike> {
        let table = item.as_table_like();
        if table.is_none() {
            self.fault(self.place(item), format!("`{key}` wants a table"));
        }
        table
    }

    fn rules(&mut self, item: &Item) {
        let Some(table) = self.table(item, "rules") else { return };
        for (name, value) in table.iter() {
            let setting = match value.as_str() {
                Some("off") => RuleSetting::Off,
                Some("advice") => RuleSetting::Level(Level::Advice),
                Some("should-fix") => RuleSetting::Level(Level::ShouldFix),
                Some("blocking") => RuleSetting::Level(Level::Blocking),
                _ => {
                    let at = self.place(value);
                    self.fault(
                        at,
                        "a rule is set to \"off\", \"advice\", \"should-fix\" or \"blocking\"",
                    );
                    continue;
                }
            };
            let at = self.key_place(table, name);
            self.config.rules.push((Fact::new(name.to_owned(), at), setting));
        }
    }

    fn budgets(&mut self, item: &Item) -> Vec<(String, Fact<f64>)> {
        let Some(table) = self.table(item, "budgets") else { return Vec::new() };
        let mut budgets = Vec::new();
        for (name, value) in table.iter() {
            let limit = match value.as_str() {
                Some(text) => quantity(text),
                None => value.as_float().or_else(|| value.as_integer().map(|n| n as f64)),
            };
            let known = metric(name).is_some();
            if !known {
                let at = self.key_place(table, name);
                self.fault(
                    at,
                    format!("there is no metric `{name}`; docs/reference/metrics.md lists them"),
                );
            }
            match limit.filter(|l| l.is_finite() && *l >= 0.0) {
                Some(limit) if known => {
                    budgets.push((name.to_owned(), Fact::new(limit, self.place(value))));
                }
                Some(_) => {}
                None => self.fault(
                    self.place(value),
                    "a budget is a number or a quantity such as \"100 MB\", \"2 s\", \"70 %\"",
                ),
            }
        }
        budgets
    }

    fn services(&mut self, item: &Item) {
        let Some(services) = self.table(item, "service") else { return };
        for (name, value) in services.iter() {
            let Some(table) = self.table(value, name) else { continue };
            for (key, _) in table.iter() {
                if !["dockerfile", "context", "target", "image", "budgets"].contains(&key) {
                    self.unknown(table, key, "dockerfile, context, target, image, budgets");
                }
            }
            let service = ServiceConfig {
                name: Fact::new(name.to_owned(), self.key_place(services, name)),
                dockerfile: self.string(table, "dockerfile"),
                context: self.string(table, "context"),
                target: self.string(table, "target"),
                image: self.string(table, "image"),
                budgets: table.get("budgets").map(|b| self.budgets(b)).unwrap_or_default(),
            };
            self.config.services.push(service);
        }
    }

    fn waivers(&mut self, item: &Item) {
        let Some(waivers) = item.as_array_of_tables() else {
            self.fault(self.place(item), "waivers are written `[[waiver]]`");
            return;
        };
        for table in waivers {
            let span = table.span().map(|r| Span::new(r.start, r.end));
            let at = Place { path: Arc::clone(&self.path), span };
            for (key, _) in table {
                if !["rule", "path", "until", "reason"].contains(&key) {
                    self.unknown(table, key, "rule, path, until, reason");
                }
            }
            let fields = ["rule", "until", "reason"].map(|key| self.string(table, key));
            let [Some(rule), Some(until), Some(reason)] = fields else {
                self.fault(at, "a waiver needs `rule`, `until` and `reason`, each a string");
                continue;
            };
            let path = self.string(table, "path").map(|p| p.value);
            match until.value.parse::<Date>() {
                Err(error) => self.fault(until.at, error.to_string()),
                Ok(_) if reason.value.trim().is_empty() => {
                    self.fault(reason.at, "a waiver needs a reason")
                }
                Ok(day) => {
                    let waiver = WaiverConfig {
                        rule: rule.value,
                        path,
                        until: day,
                        reason: reason.value,
                        at,
                    };
                    self.config.waivers.push(waiver);
                }
            }
        }
    }
}

/// Reads `100 MB`, `2 s`, `350ms`, `70 %`, `6 min` into bytes, seconds or a share.
fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..split].parse().ok()?;
    let factor = match text[split..].trim() {
        "" | "B" | "s" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        "ms" => 1e-3,
        "min" => 60.0,
        "%" => 1e-2,
        _ => return None,
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_team_sets() {
        let text = r#"
due-days = 14
exclude = ["fixtures/**"]
fail-on = ["rejected"]
allowed-bases = ["gcr.io/distroless"]

[rules]
"security/root-user" = "advice"

[budgets]
"context.bytes" = "50 MB"

[service.api]
dockerfile = "backend/Dockerfile"
[service.api.budgets]
"boot.ready.p95" = "1500 ms"

[[waiver]]
rule = "image/recommends-installed"
path = "backend"
until = "2027-01-31"
reason = "ffmpeg needs its plugins"
"#;
        let config = Config::parse(FILE, text);
        assert_eq!(config.faults, []);
        assert_eq!(config.due_days, Some(14));
        assert!(config.excludes("fixtures/a/Dockerfile") && !config.excludes("fixtures2/x"));
        assert_eq!(config.allowed_bases, Some(vec!["gcr.io/distroless".to_owned()]));
        assert_eq!(config.budgets[0].1.value, 50e6);
        assert_eq!(config.services[0].budgets[0].1.value, 1.5);
        assert_eq!(config.waivers[0].until.to_string(), "2027-01-31");
        assert_eq!(config.rules[0].1, RuleSetting::Level(Level::Advice));
    }

    #[test]
    fn faults_name_their_place() {
        let text = "due-days = \"x\"\ncolour = 1\n[budgets]\n\"image.size\" = 3\n[[waiver]]\nrule = \"a/b\"\n";
        let config = Config::parse(FILE, text);
        let said: Vec<_> = config
            .faults
            .iter()
            .map(|f| (f.at.span.map(|s| s.text(text)), f.value.as_str()))
            .collect();
        assert_eq!(said.len(), 4, "{said:?}");
        assert_eq!(said[0].0, Some("\"x\""));
        assert_eq!(said[1].0, Some("colour"));
        assert!(said[2].1.contains("no metric `image.size`"));
        assert!(said[3].1.contains("a waiver needs"));
        assert_eq!(Config::parse(FILE, "a = = 1").faults.len(), 1);
    }
}
