//! A variable that is set somewhere else in the file, but not where it is used.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::{Base, Keyword, Node, lint};

use crate::repo::{DockerfileView, Stage};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::checked::{Checked, checked};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/undefined-variable",
    section: Section::Dockerfile,
    level: Level::ShouldFix,
    assures: "variables are set where they are used",
    aliases: &["UndefinedVar", "DL3044"],
    page: include_str!("undefined_variable.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(checked) = checked(review, file, lint::Check::UndefinedVar, out) else { return };
    for (node, warning) in checked.each(&[]) {
        let name = warning.subject.as_str();
        let stage = checked.stage_of(warning.node);
        let base = stage.and_then(|stage| file.lineage(stage).into_iter().next());
        let Some(base) = base.filter(|_| node.keyword != Keyword::From) else { continue };
        let Some(why) = reason(&checked, node, warning.node, base, name) else {
            out.examined();
            continue;
        };
        out.finding(
            &checked.place(place_of(node, name)),
            format!("${name} is not set where {} uses it", node.keyword.as_str()),
        )
        .label(why.label)
        .consequence("the builder puts an empty text in its place and only warns")
        .remedy(why.remedy);
    }
}

struct Reason {
    label: &'static str,
    remedy: String,
}

/// Why the variable is surely not set; `None` where the base image may set it.
fn reason(
    checked: &Checked<'_>,
    node: &Node,
    index: usize,
    base: &Stage,
    name: &str,
) -> Option<Reason> {
    const PLATFORM: [&str; 8] = [
        "TARGETPLATFORM",
        "TARGETOS",
        "TARGETARCH",
        "TARGETVARIANT",
        "BUILDPLATFORM",
        "BUILDOS",
        "BUILDARCH",
        "BUILDVARIANT",
    ];
    let declare = format!("declare ARG {name} in this stage, above the instruction");
    if PLATFORM.contains(&name) {
        let label = "the builder sets it only for FROM and for stages that declare it";
        return Some(Reason { label, remedy: declare });
    }
    let on_image = base.base != Base::Scratch;
    if on_image && may_be_of_base(&base.image.value, name) {
        return None;
    }
    let sets_itself = node.pairs.iter().any(|pair| pair.key.text == name);
    if node.keyword == Keyword::Env && sets_itself {
        // `ENV A=$A:/x` adds to what the base sets.
        let adds = |pair: &plimsoll_syntax::dockerfile::Pair| {
            pair.key.text == name && uses(&pair.value.text, name)
        };
        let label = "an ENV sees what was set above it, not what it sets itself";
        let remedy = format!("set {name} in an ENV of its own above");
        return (!node.pairs.iter().any(adds)).then_some(Reason { label, remedy });
    }
    if checked.file.global_args.iter().any(|arg| arg.name.value == name) {
        let label = "an ARG above the first FROM is known to FROM only";
        return Some(Reason { label, remedy: declare });
    }
    if !on_image {
        let label = "nothing sets it, and the stage is built on nothing";
        return Some(Reason { label, remedy: format!("set {name} above the instruction") });
    }
    let below = checked.tree.nodes.iter().enumerate().skip(index + 1);
    let mut same = below.take_while(|(_, node)| node.keyword != Keyword::From);
    if same.any(|(_, node)| sets(node, name)) {
        let label = "it is set further below";
        return Some(Reason { label, remedy: format!("set {name} above the instruction") });
    }
    let elsewhere = checked.tree.nodes.iter().any(|n| n.keyword == Keyword::Arg && sets(n, name));
    let label = "only another stage declares it";
    elsewhere.then_some(Reason { label, remedy: declare })
}

/// Whether an instruction sets or declares the variable.
fn sets(node: &Node, name: &str) -> bool {
    match node.keyword {
        Keyword::Env => node.pairs.iter().any(|pair| pair.key.text == name),
        Keyword::Arg => node.args.iter().any(|word| word.text.split('=').next() == Some(name)),
        _ => false,
    }
}

/// Whether images of this name are known to set such a variable: `PYTHON_VERSION` of `python`,
/// `NODE_VERSION` of `node`, and homes and search paths of any.
fn may_be_of_base(image: &str, name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let first = lower.split('_').next().unwrap_or("");
    let general = ["HOME", "LANG", "GOPATH", "PG_MAJOR", "PG_VERSION", "GPG_KEY", "USER"];
    let ends = ["_HOME", "PATH"].iter().any(|end| name.ends_with(end));
    ends || general.contains(&name) || (first.len() > 1 && image.contains(first))
}

/// The word that uses the variable, else the instruction.
fn place_of(node: &Node, name: &str) -> plimsoll_syntax::Span {
    let values = node.pairs.iter().flat_map(|pair| [&pair.key, &pair.value]);
    let words = node.args.iter().chain(values);
    let found = words.into_iter().find(|word| uses(&word.text, name));
    found.map_or(node.span, |word| word.span)
}

/// Whether a text uses the variable.
fn uses(text: &str, name: &str) -> bool {
    text.contains(&format!("${name}")) || text.contains(&format!("${{{name}"))
}
