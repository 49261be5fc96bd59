//! Evaluation, as far as the inputs are known.

use super::{Expr, Piece, template};

/// A text with its expressions replaced by what they give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The text; an expression that could not be evaluated stands in it as it was written.
    pub text: String,
    /// What was missing: context paths, and functions that are not evaluated here.
    pub unknown: Vec<String>,
}

/// Replaces the expressions of a text. `known` gives the value of a context path.
pub fn resolve(text: &str, known: &dyn Fn(&str) -> Option<String>) -> Resolved {
    let mut out = Resolved::default();
    for piece in template(text) {
        match piece {
            Piece::Literal(span) => out.text.push_str(span.text(text)),
            Piece::Expression { span, expr: Err(_) } => {
                let written = span.text(text);
                out.unknown.push(
                    written.trim_start_matches("${{").trim_end_matches("}}").trim().to_owned(),
                );
                out.text.push_str(written);
            }
            Piece::Expression { span, expr: Ok(expr) } => match eval(&expr, known) {
                Ok(value) => out.text.push_str(&value.text()),
                Err(missing) => {
                    out.unknown.push(missing);
                    out.text.push_str(span.text(text));
                }
            },
        }
    }
    out
}

#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Number(f64),
    Bool(bool),
    Null,
}

impl Value {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(n) => n.to_string(),
            Self::Bool(b) => b.to_string(),
            Self::Null => String::new(),
        }
    }

    fn is_true(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Number(n) => *n != 0.0 && !n.is_nan(),
            Self::Bool(b) => *b,
            Self::Null => false,
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Text(text) if text.is_empty() => 0.0,
            Self::Text(text) => text.trim().parse().unwrap_or(f64::NAN),
            Self::Number(n) => *n,
            Self::Bool(b) => f64::from(u8::from(*b)),
            Self::Null => 0.0,
        }
    }

    /// Equality as GitHub has it: texts know no case, other kinds compare as numbers.
    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.to_lowercase() == b.to_lowercase(),
            (a, b) => a.number() == b.number(),
        }
    }
}

/// The value, or the name of what is missing.
fn eval(expr: &Expr, known: &dyn Fn(&str) -> Option<String>) -> Result<Value, String> {
    Ok(match expr {
        Expr::Text(text) => Value::Text(text.clone()),
        Expr::Number(n) => Value::Number(n.parse().unwrap_or(f64::NAN)),
        Expr::Bool(b) => Value::Bool(*b),
        Expr::Null => Value::Null,
        Expr::Context(path) => Value::Text(known(path).ok_or_else(|| path.clone())?),
        Expr::Index(..) => {
            let mut name = String::from("a computed index");
            expr.contexts(&mut |path| name = path);
            return Err(name);
        }
        Expr::Call(name, args) => call(name, args, known)?,
        Expr::Not(inner) => Value::Bool(!eval(inner, known)?.is_true()),
        Expr::Binary(sign, a, b) => {
            let left = eval(a, known)?;
            match *sign {
                "||" if left.is_true() => left,
                "&&" if !left.is_true() => left,
                "||" | "&&" => eval(b, known)?,
                sign => Value::Bool(compare(sign, &left, &eval(b, known)?)),
            }
        }
    })
}

fn compare(sign: &str, a: &Value, b: &Value) -> bool {
    match sign {
        "==" => a.equals(b),
        "!=" => !a.equals(b),
        "<" => a.number() < b.number(),
        "<=" => a.number() <= b.number(),
        ">" => a.number() > b.number(),
        _ => a.number() >= b.number(),
    }
}

fn call(
    name: &str,
    args: &[Expr],
    known: &dyn Fn(&str) -> Option<String>,
) -> Result<Value, String> {
    let text =
        |i: usize| args.get(i).map_or(Ok(String::new()), |a| eval(a, known).map(|v| v.text()));
    let lower = |i: usize| text(i).map(|t| t.to_lowercase());
    Ok(match name {
        "contains" => Value::Bool(lower(0)?.contains(&lower(1)?)),
        "startswith" => Value::Bool(lower(0)?.starts_with(&lower(1)?)),
        "endswith" => Value::Bool(lower(0)?.ends_with(&lower(1)?)),
        "format" => Value::Text(format_text(&text(0)?, &|i| text(i + 1))?),
        other => return Err(format!("{}()", original(other))),
    })
}

/// The spelling of a function whose name is kept in lower case.
fn original(name: &str) -> &str {
    match name {
        "tojson" => "toJSON",
        "fromjson" => "fromJSON",
        "hashfiles" => "hashFiles",
        other => other,
    }
}

fn format_text(
    pattern: &str,
    arg: &dyn Fn(usize) -> Result<String, String>,
) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(i) = rest.find(['{', '}']) {
        out.push_str(&rest[..i]);
        let brace = &rest[i..=i];
        rest = &rest[i + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            out.push_str(brace);
            rest = after;
        } else if let Some((index, after)) = rest.split_once('}').filter(|_| brace == "{") {
            out.push_str(&arg(index.trim().parse().unwrap_or(usize::MAX - 1))?);
            rest = after;
        }
    }
    out.push_str(rest);
    Ok(out)
}
