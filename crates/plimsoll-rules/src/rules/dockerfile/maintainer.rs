//! MAINTAINER.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::dockerfile::{Keyword, Node, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::checked::checked;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/maintainer",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "the author is named by a label",
    aliases: &["MaintainerDeprecated", "DL4000", "DS-0022", "CKV_DOCKER_6"],
    page: include_str!("maintainer.md"),
    check: Check::Dockerfile(check),
};

/// The label that the OCI image specification has for it.
const LABEL: &str = "org.opencontainers.image.authors";

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(checked) = checked(review, file, lint::Check::MaintainerDeprecated, out) else {
        return;
    };
    for (node, _) in checked.each(&[Keyword::Maintainer]) {
        let at = checked.place(node.span);
        let draft = out.finding(&at, "MAINTAINER is deprecated");
        draft
            .label("a field that tools no longer show")
            .consequence("who looks for the author of the image among its labels finds none")
            .remedy(format!("write LABEL {LABEL}=\"…\""));
        let labels = checked.tree.nodes.iter().flat_map(|node| &node.pairs);
        let labelled = labels.into_iter().any(|pair| pair.key.text.trim_matches('"') == LABEL);
        if let Some(line) = label(node, checked.tree.escape).filter(|_| !labelled) {
            draft.fix("name the author by a label", Applicability::Safe, replace(&at, line));
        }
    }
}

/// The same author as a label. MAINTAINER takes its text as it is, quotes included; nobody
/// means those around the whole.
fn label(node: &Node, escape: char) -> Option<String> {
    let author = node.args.first()?.text.trim();
    let quoted = |q: char| author.strip_prefix(q).and_then(|a| a.strip_suffix(q));
    let bare = quoted('"').or_else(|| quoted('\'')).unwrap_or(author);
    let lower = node.name.text == node.name.text.to_lowercase();
    let mut line = format!("{} {LABEL}=\"", if lower { "label" } else { "LABEL" });
    for c in bare.chars() {
        if c == '"' || c == '$' || c == escape {
            line.push(escape);
        }
        line.push(c);
    }
    (!bare.is_empty()).then(|| line + "\"")
}
