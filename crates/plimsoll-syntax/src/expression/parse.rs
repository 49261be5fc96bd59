//! The grammar: `||`, `&&`, comparison, `!`, calls, property access, literals.

/// Expressions below one another, at the most.
const MAX_DEPTH: usize = 64;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `'text'`.
    Text(String),
    /// `1.5`, as it is written.
    Number(String),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// `github.sha`, `env['A']`, `x.*.y`, as a path with dots.
    Context(String),
    /// A context with an index that is computed.
    Index(Box<Expr>, Box<Expr>),
    /// `format('{0}', x)`; the name in lower case.
    Call(String, Vec<Expr>),
    /// `!x`.
    Not(Box<Expr>),
    /// `a == b` and the other operators, by their sign.
    Binary(&'static str, Box<Expr>, Box<Expr>),
}

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong.
    pub message: String,
    /// The byte of the expression it is noticed at.
    pub at: usize,
}

impl Expr {
    /// Calls `f` with the path of every context that is read.
    pub fn contexts(&self, f: &mut impl FnMut(String)) {
        match self {
            Self::Context(path) => f(path.clone()),
            Self::Index(a, b) | Self::Binary(_, a, b) => {
                a.contexts(f);
                b.contexts(f);
            }
            Self::Call(_, args) => args.iter().for_each(|a| a.contexts(f)),
            Self::Not(a) => a.contexts(f),
            Self::Text(_) | Self::Number(_) | Self::Bool(_) | Self::Null => {}
        }
    }
}

/// Reads what stands between the braces.
///
/// # Errors
/// [`ParseError`] where the text is no expression.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let expr = parser.binary(0)?;
    parser.blanks();
    if parser.at < text.len() {
        Err(parser.error("something follows the expression"))
    } else {
        Ok(expr)
    }
}

/// The operators, loosest first.
const LEVELS: [&[&str]; 4] = [&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"]];

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn error(&self, message: &str) -> ParseError {
        ParseError { message: message.to_owned(), at: self.at }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, sign: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    fn binary(&mut self, level: usize) -> Result<Expr, ParseError> {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some(sign) = signs.iter().find(|s| self.eat(s)) {
            let right = self.binary(level + 1)?;
            left = Expr::Binary(sign, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("the expression is nested too deeply"));
        }
        let expr = if self.eat("!") { Expr::Not(Box::new(self.unary()?)) } else { self.postfix()? };
        self.depth -= 1;
        Ok(expr)
    }

    fn postfix(&mut self) -> Result<Expr, ParseError> {
        let mut expr = self.primary()?;
        loop {
            if self.rest().starts_with('.') {
                self.at += 1;
                let name = if self.eat("*") { "*" } else { self.name()? };
                expr = property(expr, name);
            } else if self.eat("[") {
                let index = if self.eat("*") { Expr::Text("*".into()) } else { self.binary(0)? };
                if !self.eat("]") {
                    return Err(self.error("a `]` is missing"));
                }
                expr = match index {
                    Expr::Text(name) => property(expr, &name),
                    Expr::Number(n) => property(expr, &n),
                    other => Expr::Index(Box::new(expr), Box::new(other)),
                };
            } else {
                return Ok(expr);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, ParseError> {
        self.blanks();
        match self.rest().bytes().next() {
            Some(b'(') => {
                self.at += 1;
                let expr = self.binary(0)?;
                if self.eat(")") { Ok(expr) } else { Err(self.error("a `)` is missing")) }
            }
            Some(b'\'') => self.text_literal(),
            Some(b'0'..=b'9' | b'-' | b'+') => {
                let part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
                let end = self.rest().find(|c| !part(c)).unwrap_or(self.rest().len());
                let number = &self.rest()[..end];
                if number.parse::<f64>().is_err() && !number.starts_with("0x") {
                    return Err(self.error("this is no number"));
                }
                self.at += end;
                Ok(Expr::Number(number.to_owned()))
            }
            Some(_) => self.word(),
            None => Err(self.error("the expression ends too early")),
        }
    }

    fn word(&mut self) -> Result<Expr, ParseError> {
        let name = self.name()?;
        if self.eat("(") {
            return Ok(Expr::Call(name.to_ascii_lowercase(), self.arguments()?));
        }
        Ok(match name {
            "true" => Expr::Bool(true),
            "false" => Expr::Bool(false),
            "null" => Expr::Null,
            name => Expr::Context(name.to_owned()),
        })
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, ParseError> {
        let mut args = Vec::new();
        if self.eat(")") {
            return Ok(args);
        }
        loop {
            args.push(self.binary(0)?);
            if self.eat(")") {
                return Ok(args);
            }
            if !self.eat(",") {
                return Err(self.error("a `,` or `)` is missing"));
            }
        }
    }

    fn name(&mut self) -> Result<&'a str, ParseError> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
            .unwrap_or(rest.len());
        if end == 0 || rest.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            return Err(self.error("a name is missing"));
        }
        self.at += end;
        Ok(&rest[..end])
    }

    fn text_literal(&mut self) -> Result<Expr, ParseError> {
        let mut text = String::new();
        let mut rest = &self.rest()[1..];
        loop {
            let Some(end) = rest.find('\'') else { return Err(self.error("a quote is missing")) };
            text.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('\'') {
                Some(more) => {
                    text.push('\'');
                    rest = more;
                }
                None => {
                    self.at = self.text.len() - rest.len();
                    return Ok(Expr::Text(text));
                }
            }
        }
    }
}

fn property(of: Expr, name: &str) -> Expr {
    match of {
        Expr::Context(path) => Expr::Context(format!("{path}.{name}")),
        other => Expr::Index(Box::new(other), Box::new(Expr::Text(name.to_owned()))),
    }
}
