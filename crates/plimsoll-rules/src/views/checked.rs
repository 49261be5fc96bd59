//! What BuildKit's build checks warn of, each warning with the instruction it speaks of.

use plimsoll_model::Edit;
use plimsoll_syntax::Span;
use plimsoll_syntax::dockerfile::lint::{Check, Warning};
use plimsoll_syntax::dockerfile::{self, Dockerfile, Keyword, Node, Word};

use crate::repo::{DockerfileView, Place};
use crate::review::Review;
use crate::rule::{Out, replace};

/// A Dockerfile that a check warns of.
pub struct Checked<'f> {
    /// The file.
    pub file: &'f DockerfileView,
    /// Its text.
    pub text: &'f str,
    /// Its tree.
    pub tree: Dockerfile,
    warnings: Vec<&'f Warning>,
}

/// The warnings of a check about a file: `None`, and examined, where there is none. A file
/// that BuildKit refuses is another rule's.
pub fn checked<'f>(
    review: &Review<'f>,
    file: &'f DockerfileView,
    check: Check,
    out: &mut Out,
) -> Option<Checked<'f>> {
    if !file.errors.is_empty() {
        return None;
    }
    let warnings: Vec<_> = file.warnings.iter().filter(|w| w.check == check).collect();
    if warnings.is_empty() {
        out.examined();
        return None;
    }
    let text = file.text(review.sources);
    Some(Checked { file, text, tree: dockerfile::parse(text), warnings })
}

impl<'f> Checked<'f> {
    /// The warnings with their instructions. Those that an ONBUILD of another stage gives rise
    /// to are left out: there is nothing to see at their place.
    pub fn each(&self, of: &[Keyword]) -> Vec<(&Node, &'f Warning)> {
        let node = |warning: &&'f Warning| self.tree.nodes.get(warning.node).map(|n| (n, *warning));
        let found = self.warnings.iter().filter_map(node);
        found.filter(|(node, _)| of.is_empty() || of.contains(&node.keyword)).collect()
    }

    /// A place in the file.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        Place::new(&self.file.path, span)
    }

    /// Replaces a word that stands in the file as it was read.
    #[must_use]
    pub fn rewrite(&self, word: &Word, new: &str) -> Option<Vec<Edit>> {
        let whole = word.span.text(self.text) == word.text && !word.text.is_empty();
        whole.then(|| replace(&self.place(word.span), new))
    }

    /// Takes out the lines of an instruction.
    #[must_use]
    pub fn without(&self, node: &Node) -> Option<Vec<Edit>> {
        let before = self.text.get(..node.span.start as usize)?;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = self.text.get(node.span.end as usize..)?;
        let end = node.span.end as usize + rest.find('\n').map_or(rest.len(), |at| at + 1);
        before.get(start..)?.trim().is_empty().then_some(())?;
        Some(replace(&self.place(Span::new(start, end)), ""))
    }

    /// Where the stage of an instruction stands among the stages.
    #[must_use]
    pub fn stage_of(&self, node: usize) -> Option<usize> {
        let above = self.tree.nodes.iter().take(node + 1);
        above.filter(|node| node.keyword == Keyword::From).count().checked_sub(1)
    }
}

/// "3 instructions", "1 instruction".
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// All edits, where each of them can be made.
#[must_use]
pub fn all(edits: impl Iterator<Item = Option<Vec<Edit>>>) -> Option<Vec<Edit>> {
    edits.collect::<Option<Vec<_>>>().map(|edits| edits.into_iter().flatten().collect())
}
