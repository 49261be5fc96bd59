//! Heredocs: the `<<` words of a line, and the lines that belong to them.

use super::Heredoc;
use super::expand::{Mode, Unset, split};
use super::lines::Lines;
use crate::Span;

/// Finds the heredocs that a logical line opens, still without content.
///
/// A line that BuildKit cannot split into words opens none. The escape character of heredoc
/// words is always `\`.
pub(super) fn opened(line: &str) -> Result<Vec<Heredoc>, String> {
    let mode = Mode { raw_quotes: true, raw_escapes: true, heredoc: true, ..Mode::default() };
    let Ok(words) = split(line, '\\', mode, &Unset) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for word in words {
        found.extend(read(&word)?);
    }
    Ok(found)
}

/// Reads a word as the start of a heredoc: digits, `<<`, perhaps `-`, and one word.
pub(super) fn read(word: &str) -> Result<Option<Heredoc>, String> {
    const BLANK: [char; 5] = [' ', '\t', '\n', '\r', '\x0c'];
    let after_fd = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let fd = &word[..word.len() - after_fd.len()];
    let Some(rest) = after_fd.strip_prefix("<<") else { return Ok(None) };
    let (rest, chomp) = rest.strip_prefix('-').map_or((rest, false), |rest| (rest, true));
    let rest = rest.trim_start_matches(BLANK);
    if rest.is_empty() || rest.contains('<') {
        return Ok(None);
    }
    let quoted = Mode { raw_quotes: true, skip_unset: true, ..Mode::default() };
    let plain = Mode { raw_quotes: false, ..quoted };
    let names = |mode| split(rest, '\\', mode, &Unset).map_err(|error| error.message);
    let (plain, quoted) = (names(plain)?, names(quoted)?);
    let ([name], [raw]) = (plain.as_slice(), quoted.as_slice()) else { return Ok(None) };
    Ok(Some(Heredoc {
        name: name.clone(),
        content: String::new(),
        content_span: Span::default(),
        expand: name == raw,
        chomp,
        fd: fd.parse().unwrap_or(if fd.is_empty() { 0 } else { u64::MAX }),
    }))
}

/// Reads the content of a heredoc up to its end; returns the span of the last line, or `None`
/// if the file ends first.
pub(super) fn fill(heredoc: &mut Heredoc, lines: &mut Lines<'_>) -> Option<Span> {
    let mut content: Option<Span> = None;
    for line in lines.by_ref() {
        let text = if heredoc.chomp { line.text.trim_start_matches('\t') } else { line.text };
        if text == heredoc.name {
            let empty = Span::new(line.start, line.start);
            heredoc.content_span = content.unwrap_or(empty);
            return Some(line.span());
        }
        heredoc.content.push_str(line.raw);
        content = Some(content.map_or(line.raw_span(), |span| span.to(line.raw_span())));
    }
    heredoc.content_span = content.unwrap_or_default();
    None
}

#[cfg(test)]
mod tests {
    use crate::dockerfile::{Keyword, parse};

    #[test]
    fn several_heredocs_are_read_in_order() {
        let source = "COPY <<a.txt 3<<-\"b.txt\" /d/\n1\na.txt\n\t$2\n\tb.txt\nCMD x\n";
        let file = parse(source);
        let [a, b] = file.nodes[0].heredocs.as_slice() else { panic!("two heredocs") };
        assert_eq!((a.name.as_str(), a.content.as_str(), a.expand), ("a.txt", "1\n", true));
        assert_eq!((b.name.as_str(), b.content.as_str(), b.expand), ("b.txt", "\t$2\n", false));
        assert_eq!((b.fd, b.chomp, b.content_span.text(source)), (3, true, "\t$2\n"));
        assert_eq!(file.nodes[1].keyword, Keyword::Cmd);
    }

    #[test]
    fn what_is_no_heredoc_stays_text() {
        for line in ["RUN [\"a\",\"<<EOF\"]", "RUN cat <<<EOF", "RUN \"<<EOF\"", "USER <<EOF"] {
            assert_eq!(parse(line).nodes[0].heredocs, [], "{line}");
            assert_eq!(parse(line).errors, [], "{line}");
        }
    }

    #[test]
    fn blanks_may_part_the_name_but_not_a_dash() {
        assert_eq!(parse("RUN cat <<  EOF > x\na\nEOF\n").nodes[0].heredocs.len(), 1);
        assert_eq!(parse("RUN cat <<- EOF > x\na\nEOF\n").nodes[0].heredocs.len(), 0);
    }

    #[test]
    fn an_open_heredoc_is_an_error() {
        assert_eq!(parse("RUN <<A\nx\n").errors[0].message, "unterminated heredoc");
    }

    #[test]
    fn onbuild_passes_heredocs_on() {
        let file = parse("ONBUILD RUN <<EOF\r\na\r\nEOF\r\nCMD x");
        assert_eq!(file.nodes[0].heredocs[0].content, "a\r\n");
        assert_eq!(file.nodes.len(), 2);
    }
}
