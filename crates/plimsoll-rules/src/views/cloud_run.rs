//! Cloud Run as rules look at it: what it accepts, and what a deployment does not say.

use std::sync::OnceLock;

use plimsoll_syntax::shell::{self, Invocation, Part, Word};
use toml_edit::{Document, Item, Table as Toml};

use crate::discover::{Deploy, DeployTool, Platform};
use crate::review::Review;

/// What Cloud Run accepts, as its documentation said at a date.
#[derive(Debug, Default)]
pub struct Limits {
    /// The month it was read.
    pub read: String,
    /// The port without `--port`.
    pub port: u32,
    /// Requests an instance gets at once without `--concurrency`.
    pub concurrency: u32,
    least: u32,
    whole: Vec<u32>,
    memory: Vec<(u32, u32, u32)>,
    boost: Vec<(u32, u32)>,
}

impl Limits {
    /// The limits of the data file.
    pub fn get() -> &'static Self {
        static LIMITS: OnceLock<Limits> = OnceLock::new();
        LIMITS.get_or_init(|| Self::read(include_str!("../../data/cloud-run.toml")))
    }

    fn read(text: &str) -> Self {
        let Ok(document) = Document::parse(text) else { return Self::default() };
        let root = document.as_table();
        let rows = |name: &str| {
            root.get(name).and_then(Item::as_array_of_tables).into_iter().flatten()
        };
        let whole = root.get("whole-cpus").and_then(Item::as_array).into_iter().flatten();
        Self {
            read: root.get("read").and_then(Item::as_str).unwrap_or("").to_owned(),
            port: number(root, "default-port"),
            concurrency: number(root, "default-concurrency"),
            least: number(root, "minimum-millicores"),
            whole: whole
                .filter_map(|v| v.as_integer().and_then(|n| u32::try_from(n).ok()))
                .collect(),
            memory: rows("memory")
                .map(|r| (number(r, "millicores"), number(r, "minimum"), number(r, "maximum")))
                .collect(),
            boost: rows("boost").map(|r| (number(r, "millicores"), number(r, "boosted"))).collect(),
        }
    }

    /// Whether this much CPU can be asked for.
    #[must_use]
    pub fn takes_cpu(&self, millicores: u32) -> bool {
        let part = millicores >= self.least && millicores < 1000;
        part || (millicores.is_multiple_of(1000) && self.whole.contains(&(millicores / 1000)))
    }

    /// The least and the most memory in MiB that goes with this much CPU.
    #[must_use]
    pub fn memory(&self, millicores: u32) -> Option<(u32, u32)> {
        let row = self.memory.iter().find(|(most, ..)| millicores <= *most)?;
        Some((row.1, row.2))
    }

    /// The CPU that startup boost gives.
    #[must_use]
    pub fn boosted(&self, millicores: u32) -> Option<u32> {
        self.boost.iter().find(|(most, _)| millicores <= *most).map(|(_, boosted)| *boosted)
    }
}

fn number(table: &Toml, key: &str) -> u32 {
    table.get(key).and_then(Item::as_integer).and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
}

/// `1`, `0.5` or `500m` in millicores; `None` where it is not written out.
#[must_use]
pub fn millicores(text: &str) -> Option<u32> {
    let text = text.trim();
    if let Some(milli) = text.strip_suffix('m') {
        return milli.parse().ok();
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part: u32 = format!("{part:0<3}").parse().ok()?;
    whole.parse::<u32>().ok()?.checked_mul(1000)?.checked_add(part)
}

/// `512Mi`, `2Gi`, `1G` in MiB, rounded down; `None` where it is not written out.
#[must_use]
pub fn mebibytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (count, unit) = text.split_at(digits);
    let unit: u64 = match unit {
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "" => 1,
        _ => return None,
    };
    count.parse::<u64>().ok()?.checked_mul(unit).map(|bytes| bytes >> 20)
}

/// The text a deployment stands in.
fn text<'r>(review: &Review<'r>, deploy: &Deploy) -> &'r str {
    let all = review.sources.text(&deploy.at.path).unwrap_or("");
    let Some(span) = deploy.at.span else { return all };
    // What a command spans may be its first word only; its last argument is known apart from it.
    let last = deploy.insert_flag_at.as_ref().and_then(|at| at.span);
    let end = last.map_or(span.end, |last| last.end.max(span.end));
    all.get(span.start as usize..end as usize).unwrap_or("")
}

/// Whether what a deployment to Cloud Run does not set can be said to be unset: it is no update of
/// a running service, and none of its arguments are hidden in a variable.
#[must_use]
pub fn says_all(review: &Review<'_>, deploy: &Deploy) -> bool {
    if deploy.platform != Platform::CloudRun {
        return false;
    }
    match deploy.tool {
        DeployTool::CloudRunManifest => true,
        DeployTool::GcloudRun => !hides_flags(text(review, deploy), deploy),
        DeployTool::DeployCloudRunAction => {
            let step = deploy.job.and_then(|j| {
                review.repo.workflows.get(j.workflow)?.jobs.get(j.job)?.steps.get(j.step)
            });
            step.is_some_and(|s| {
                s.input("metadata").is_none()
                    && s.input("flags").is_none_or(|f| !f.value.trim_start().starts_with('$'))
            })
        }
        _ => false,
    }
}

fn hides_flags(text: &str, deploy: &Deploy) -> bool {
    let script = shell::parse(text);
    let Some(call) = script.commands.first().and_then(Invocation::of) else { return true };
    let named = deploy.service.as_ref().is_some_and(|s| s.value.contains('$'));
    let mut allowed = usize::from(named);
    let mut before: &str = "";
    for word in call.args {
        let opaque = !matches!(word.parts.first(), None | Some(Part::Text(_)));
        if opaque && !takes_value(before) {
            if allowed == 0 {
                return true;
            }
            allowed -= 1;
        }
        before = word.head();
    }
    call.args.iter().map(Word::head).any(|h| h.starts_with("--flags-file"))
}

fn takes_value(flag: &str) -> bool {
    let plain = [
        "--quiet",
        "-q",
        "--async",
        "--allow-unauthenticated",
        "--cpu-boost",
        "--cpu-throttling",
        "--use-http2",
        "--session-affinity",
    ];
    flag.starts_with('-')
        && !flag.contains('=')
        && !flag.starts_with("--no-")
        && !flag.starts_with("--clear-")
        && !plain.contains(&flag)
}

/// Whether a deployment starts something else than the image says, or may.
#[must_use]
pub fn replaces_command(review: &Review<'_>, deploy: &Deploy) -> bool {
    let text = text(review, deploy);
    deploy.settings.command.is_some() || text.contains("--args") || text.contains("args:")
}

/// Whether a deployment sets a variable.
#[must_use]
pub fn sets(deploy: &Deploy, name: &str) -> bool {
    let s = &deploy.settings;
    s.env.iter().chain(&s.secrets).any(|(n, _)| n.value == name)
}

/// Whether a deployment may set variables that are not written out in it.
#[must_use]
pub fn hides_variables(review: &Review<'_>, deploy: &Deploy) -> bool {
    let text = text(review, deploy);
    ["envFrom", "env-vars-file", "env_vars_file"].iter().any(|word| text.contains(word))
        || (deploy.tool == DeployTool::GcloudRun && hides_flags(text, deploy))
}

/// Whether it is told that a deployment is for production.
#[must_use]
pub fn is_production(deploy: &Deploy) -> bool {
    deploy.environment.as_deref() == Some("production")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read() {
        let cpus = [("1", Some(1000)), ("500m", Some(500)), ("0.08", Some(80)), ("$CPU", None)];
        for (text, want) in cpus {
            assert_eq!(millicores(text), want, "{text}");
        }
        let memory = [("512Mi", Some(512)), ("2Gi", Some(2048)), ("1G", Some(953)), ("$M", None)];
        for (text, want) in memory {
            assert_eq!(mebibytes(text), want, "{text}");
        }
    }

    #[test]
    fn the_data_file_is_read() {
        let limits = Limits::get();
        assert_eq!((limits.port, limits.concurrency), (8080, 80));
        assert_eq!(limits.memory(4000), Some((2048, 16384)));
        assert_eq!(limits.boosted(500), Some(2000));
        assert!(limits.takes_cpu(6000) && limits.takes_cpu(80) && !limits.takes_cpu(3000));
    }
}
