//! GitHub's `${{ }}` expressions: parsed, and evaluated as far as their inputs are known.
//!
//! ```
//! use plimsoll_syntax::expression::resolve;
//!
//! let known = |path: &str| (path == "env.REGISTRY").then(|| "ghcr.io".to_owned());
//! let image = resolve("${{ env.REGISTRY }}/api:${{ github.sha }}", &known);
//! assert_eq!(image.text, "ghcr.io/api:${{ github.sha }}");
//! assert_eq!(image.unknown, ["github.sha"]);
//! ```
//!
//! What cannot be known stays in the text as it was written and is named, never guessed.

mod eval;
mod parse;

pub use eval::{Resolved, resolve};
pub use parse::{Expr, ParseError, parse};

use crate::Span;

/// A part of a text with expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text outside of expressions.
    Literal(Span),
    /// `${{ … }}` with its braces.
    Expression {
        /// The bytes, braces included.
        span: Span,
        /// What stands between the braces.
        expr: Result<Expr, ParseError>,
    },
}

/// Splits a text into literals and expressions. A `${{` that is never closed is literal.
#[must_use]
pub fn template(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|t| t.find("${{")).map(|i| at + i) {
        let Some(end) = close(text, start + 3) else { break };
        if start > at {
            pieces.push(Piece::Literal(Span::new(at, start)));
        }
        let expr = parse(&text[start + 3..end - 2]);
        pieces.push(Piece::Expression { span: Span::new(start, end), expr });
        at = end;
    }
    if at < text.len() {
        pieces.push(Piece::Literal(Span::new(at, text.len())));
    }
    pieces
}

/// One past the `}}` that closes an expression; quoted braces do not.
fn close(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quoted = false;
    let mut i = from;
    while i < bytes.len() {
        match bytes[i] {
            b'\'' => quoted = !quoted,
            b'}' if !quoted && bytes.get(i + 1) == Some(&b'}') => return Some(i + 2),
            _ => {}
        }
        i += 1;
    }
    None
}

/// The context paths that a text refers to, such as `secrets.TOKEN`, each with the span of
/// its expression.
#[must_use]
pub fn references(text: &str) -> Vec<(String, Span)> {
    let mut all = Vec::new();
    for piece in template(text) {
        if let Piece::Expression { span, expr: Ok(expr) } = piece {
            expr.contexts(&mut |path| all.push((path, span)));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(path: &str) -> Option<String> {
        match path {
            "env.A" | "matrix.service" => Some("api".into()),
            "github.event_name" => Some("push".into()),
            "env.EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn evaluates_what_is_known() {
        for (text, want) in [
            ("x ${{ env.A }} y", "x api y"),
            ("${{ matrix['service'] }}", "api"),
            ("${{ env.EMPTY || 'd' }}", "d"),
            ("${{ env.A && 'yes' || 'no' }}", "yes"),
            ("${{ github.event_name == 'PUSH' && 1 || 2 }}", "1"),
            ("${{ !(env.A != 'api') }}", "true"),
            ("${{ format('{0}-{1}{{}}', env.A, 3) }}", "api-3{}"),
            ("${{ contains(env.A, 'P') }}", "true"),
            ("${{ startsWith(env.A, 'ap') && endsWith(env.A, 'i') }}", "true"),
            ("${{ 'it''s }}' }}", "it's }}"),
            ("${{ null }}|${{ true }}|${{ 1.5 }}", "|true|1.5"),
            ("${{ env.A", "${{ env.A"),
        ] {
            assert_eq!(resolve(text, &known).text, want, "{text}");
        }
    }

    #[test]
    fn what_is_unknown_is_named_and_kept() {
        let r =
            resolve("a:${{ github.sha }}-${{ inputs.x || env.A }}-${{ secrets.T == 'x' }}", &known);
        assert_eq!(r.text, "a:${{ github.sha }}-${{ inputs.x || env.A }}-${{ secrets.T == 'x' }}");
        assert_eq!(r.unknown, ["github.sha", "inputs.x", "secrets.T"]);
        assert_eq!(resolve("${{ false && github.sha }}", &known).unknown, Vec::<String>::new());
        assert_eq!(resolve("${{ toJSON(env.A) }}", &known).unknown, ["toJSON()"]);
    }

    #[test]
    fn references_are_found_everywhere() {
        let text = "${{ contains(github.event.pull_request.labels.*.name, env['B']) }}";
        let paths: Vec<String> = references(text).into_iter().map(|r| r.0).collect();
        assert_eq!(paths, ["github.event.pull_request.labels.*.name", "env.B"]);
    }

    #[test]
    fn bad_expressions_are_errors_not_panics() {
        for bad in ["", "a b", "(", "'x", "a[", "f(,)", "==", "1 +", "a..b"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&"!".repeat(100_000)).is_err());
        assert_eq!(resolve("${{ a b }}", &known).unknown, ["a b"]);
    }
}
