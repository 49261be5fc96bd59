//! A unified diff of two texts.

use std::fmt::Write as _;

use plimsoll_model::printable;

const CONTEXT: usize = 3;

/// Writes the diff of a file, nothing where the texts are equal.
pub(crate) fn unified(path: &str, before: &str, after: &str, colour: bool) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let ops = ops(&old, &new);
    let mut out = String::new();
    let paint = |code: &str, text: &str| {
        if colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    let path = printable(path);
    let from = if before.is_empty() { "/dev/null".to_owned() } else { format!("a/{path}") };
    let _ = writeln!(
        out,
        "{}\n{}",
        paint("1", &format!("--- {from}")),
        paint("1", &format!("+++ b/{path}"))
    );
    for hunk in hunks(&ops) {
        let first = &ops[hunk.start];
        let count = |skip: char| ops[hunk.clone()].iter().filter(|o| o.kind != skip).count();
        let (olds, news) = (count('+'), count('-'));
        let start = |at: usize, n: usize| if n == 0 { at } else { at + 1 };
        let head =
            format!("@@ -{},{olds} +{},{news} @@", start(first.old, olds), start(first.new, news));
        let _ = writeln!(out, "{}", paint("36", &head));
        for op in &ops[hunk] {
            let line = format!("{}{}", op.kind, printable(op.text));
            let line = match op.kind {
                '-' => paint("31", &line),
                '+' => paint("32", &line),
                _ => line,
            };
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

struct Op<'a> {
    kind: char,
    text: &'a str,
    old: usize,
    new: usize,
}

/// Lines kept, taken out and put in. Equal heads and tails are kept; between them the
/// longest common subsequence, where it is small enough to find.
fn ops<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Op<'a>> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail =
        old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (mid_old, mid_new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut ops = Vec::with_capacity(old.len() + new.len());
    let (mut i, mut j) = (0, 0);
    let mut push = |kind: char, text: &'a str, i: &mut usize, j: &mut usize| {
        ops.push(Op { kind, text, old: *i, new: *j });
        *i += usize::from(kind != '+');
        *j += usize::from(kind != '-');
    };
    old[..head].iter().for_each(|l| push(' ', l, &mut i, &mut j));
    for (kind, text) in middle(mid_old, mid_new) {
        push(kind, text, &mut i, &mut j);
    }
    old[old.len() - tail..].iter().for_each(|l| push(' ', l, &mut i, &mut j));
    ops
}

fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    if old.len().saturating_mul(new.len()) > 4_000_000 {
        return old.iter().map(|l| ('-', *l)).chain(new.iter().map(|l| ('+', *l))).collect();
    }
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            out.push((' ', old[i]));
            i += 1;
            j += 1;
        } else if j == new.len()
            || (i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            out.push(('-', old[i]));
            i += 1;
        } else {
            out.push(('+', new[j]));
            j += 1;
        }
    }
    out
}

/// Ranges of ops with their context, those that touch made one.
fn hunks(ops: &[Op<'_>]) -> Vec<std::ops::Range<usize>> {
    let mut hunks: Vec<std::ops::Range<usize>> = Vec::new();
    for (i, _) in ops.iter().enumerate().filter(|(_, o)| o.kind != ' ') {
        let (start, end) = (i.saturating_sub(CONTEXT), (i + CONTEXT + 1).min(ops.len()));
        match hunks.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => hunks.push(start..end),
        }
    }
    hunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_that_patch_would_take() {
        let (before, after) = ("a\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\nE\nf\ng\nh\ni\n");
        let want = "--- a/f\n+++ b/f\n@@ -2,7 +2,8 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n+i\n";
        assert_eq!(unified("f", before, after, false), want);
        assert_eq!(unified("f", "", "x\n", false), "--- /dev/null\n+++ b/f\n@@ -0,0 +1,1 @@\n+x\n");
    }
}
