//! RUN.

use super::flagset::{FlagSet, Kind};
use super::mount::{self, Mount};
use super::{Errors, Form, Instruction, Piece};
use crate::dockerfile::{Dockerfile, Heredoc, Node, dump, heredoc};

/// RUN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// The command.
    pub form: Form<'a>,
    /// `--mount`, each.
    pub mounts: Vec<Mount<'a>>,
    /// `--network`.
    pub network: Option<Piece<'a>>,
    /// `--security`.
    pub security: Option<Piece<'a>>,
    /// `--device`, each; a feature of the labs channel.
    pub devices: Vec<Piece<'a>>,
    /// The heredocs that the command reads.
    pub heredocs: &'a [Heredoc],
}

const FLAGS: [(&str, Kind); 4] = [
    ("mount", Kind::Many),
    ("network", Kind::One),
    ("security", Kind::One),
    ("device", Kind::Many),
];

pub(super) fn read<'a>(
    file: &Dockerfile,
    node: &'a Node,
    errors: &mut Errors<'_>,
) -> Instruction<'a> {
    let flags = FlagSet::read(node, &FLAGS, errors);
    let devices: Vec<_> = flags.many("device").collect();
    let syntax = file.directives.syntax.as_ref();
    if !devices.is_empty() && !syntax.is_some_and(|syntax| syntax.value.contains("labs")) {
        let version = "1.14.0-labs or later";
        errors.push(format!("device feature is only supported in Dockerfile frontend {version}"));
    }
    let network = flags.one("network");
    check(network, &["default", "none", "host"], "invalid network mode", errors);
    let security = flags.one("security");
    check(security, &["insecure", "sandbox"], "security is not valid", errors);
    let mounts = flags.many("mount").map(|piece| mount::read(piece, errors)).collect();
    let form = match node.heredocs.as_slice() {
        [only] if is_script(node) => Form::Script(only),
        _ => Form::of(node),
    };
    Instruction::Run(Run { form, mounts, network, security, devices, heredocs: &node.heredocs })
}

/// Whether the whole command is the word that opens a heredoc.
fn is_script(node: &Node) -> bool {
    !node.json && matches!(heredoc::read(node.cooked.text()), Ok(Some(_)))
}

fn check(piece: Option<Piece<'_>>, known: &[&str], what: &str, errors: &mut Errors<'_>) {
    if let Some(piece) = piece.filter(|piece| !known.contains(&piece.text)) {
        errors.push_at(format!("{what}: {}", dump::quote(piece.text)), piece.span);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepts, refuses};
    use super::*;
    use crate::dockerfile::{instruction, parse};

    #[test]
    fn a_heredoc_alone_is_a_script() {
        let script = |source: &str| {
            let file = parse(source);
            let (Instruction::Run(run), _) = instruction(&file, &file.nodes[0]) else {
                panic!("a RUN")
            };
            matches!(run.form, Form::Script(_))
        };
        assert!(script("RUN <<EOF\na\nEOF\n"));
        assert!(!script("RUN <<EOF python3\na\nEOF\n"));
        assert!(!script("RUN cat <<EOF\na\nEOF\n"));
    }

    #[test]
    fn flags_are_checked() {
        refuses("RUN --network=lan a", "invalid network mode: \"lan\"");
        refuses("RUN --security=x a", "security is not valid: \"x\"");
        refuses("RUN --device=a b", "device feature is only supported");
        accepts("RUN --network=none --security=sandbox a");
    }
}
