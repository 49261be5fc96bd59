//! What a deployment says, and what it may hide: flags in variables, arguments, other commands.

use plimsoll_syntax::shell::{self, Invocation, Part, Word};

use crate::discover::{Deploy, DeployTool, Platform};
use crate::review::Review;

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
/// a running service and no part of a manifest, and none of its arguments are hidden in a variable.
#[must_use]
pub fn says_all(review: &Review<'_>, deploy: &Deploy) -> bool {
    if deploy.platform != Platform::CloudRun || deploy.partial {
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
    // `gcloud run deploy "$SERVICE"`: the name may be a variable, also one whose value is known.
    let tracks = usize::from(call.has("alpha") || call.has("beta"));
    let is_opaque = |w: &Word| !matches!(w.parts.first(), None | Some(Part::Text(_)));
    let named = deploy.service.is_some() && call.args.get(2 + tracks).is_some_and(is_opaque);
    let mut allowed = usize::from(named);
    let mut before: &str = "";
    for word in call.args {
        if is_opaque(word) && !takes_value(before) {
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
