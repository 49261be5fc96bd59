//! Variables: `$name`, `${name}` and the modifiers.

use super::Env;
use super::lexer::{Lexer, Part};
use super::pattern::Pattern;

impl<E: Env> Lexer<'_, E> {
    /// Reads a variable that begins with `$` here and gives what it stands for.
    pub(super) fn dollar(&mut self) -> Part {
        self.next();
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                return Ok("$".to_owned());
            }
            return Ok(match self.value(&name) {
                Some(value) => value.to_owned(),
                None if self.keeps_unset() => format!("${name}"),
                None => String::new(),
            });
        }
        self.next();
        match self.peek() {
            None => return Err("syntax error: missing '}'".to_owned()),
            Some('{' | '}' | ':') => return Err("syntax error: bad substitution".to_owned()),
            Some(_) => {}
        }
        let name = self.name();
        match self.next() {
            Some('}') => Ok(match self.value(&name) {
                Some(value) => value.to_owned(),
                None if self.keeps_unset() => format!("${{{name}}}"),
                None => String::new(),
            }),
            Some(':') => {
                let modifier = self.next();
                self.modified(&name, true, modifier)
            }
            Some('/') => self.replaced(&name),
            modifier => self.modified(&name, false, modifier),
        }
    }

    fn keeps_unset(&self) -> bool {
        self.mode.skip_unset || self.mode.heredoc
    }

    /// A name, a number or one special character; empty if there is none.
    fn name(&mut self) -> String {
        let mut name = String::new();
        let digits = self.peek().is_some_and(char::is_numeric);
        if self.peek().is_some_and(|c| matches!(c, '@' | '*' | '#' | '?' | '-' | '$' | '!')) {
            name.extend(self.next());
            return name;
        }
        while let Some(c) = self.peek() {
            let belongs = c.is_numeric() || (!digits && (c.is_alphabetic() || c == '_'));
            if !belongs {
                break;
            }
            name.push(c);
            self.next();
        }
        name
    }

    /// `:-` `-` `:+` `+` `:?` `?` `#` `##` `%` `%%`; anything else is an error.
    fn modified(&mut self, name: &str, colon: bool, modifier: Option<char>) -> Part {
        let shown = format!("{}{}", if colon { ":" } else { "" }, modifier.unwrap_or('\u{fffd}'));
        let unsupported = || format!("unsupported modifier ({shown}) in substitution");
        let trims = matches!(modifier, Some('#' | '%'));
        let known = trims || matches!(modifier, Some('-' | '+' | '?'));
        if (colon && trims) || (!colon && !known) {
            return Err(unsupported());
        }
        let before = self.used.len();
        let word = self.operand('}', trims, "syntax error: missing '}'")?;
        if !known {
            return Err(unsupported());
        }
        let value = self.value(name);
        if value.is_none() && self.keeps_unset() {
            return Ok(format!("${{{name}{shown}{word}}}"));
        }
        let present = value.filter(|value| !(colon && value.is_empty()));
        match modifier {
            Some('-') if present.is_none() => Ok(word),
            Some('+') if present.is_some() => Ok(word),
            Some('-' | '?') if present.is_some() => {
                self.forget(before, name);
                Ok(present.unwrap_or("").to_owned())
            }
            Some('+') => {
                self.forget(before, name);
                Ok(String::new())
            }
            Some('?') => Err(required(name, value.is_some(), &word)),
            modifier => self.trimmed(value.unwrap_or(""), &word, modifier == Some('%')),
        }
    }

    /// The operand did not take part in the result.
    fn forget(&mut self, before: usize, name: &str) {
        self.used.truncate(before);
        self.used.push(name.to_owned());
    }

    fn operand(&mut self, stop: char, raw: bool, missing: &str) -> Part {
        match self.until(Some(stop), raw) {
            Ok((word, _)) => Ok(word),
            Err(_) if self.peek().is_none() && !self.limit => Err(missing.to_owned()),
            Err(message) => Err(message),
        }
    }

    fn trimmed(&mut self, value: &str, word: &str, from_end: bool) -> Part {
        let sign = if from_end { '%' } else { '#' };
        let (pattern, longest) = word.strip_prefix(sign).map_or((word, false), |p| (p, true));
        let pattern = Pattern::new(pattern)?;
        pattern.trim(value, from_end, longest).ok_or_else(|| self.over("the pattern is too costly"))
    }

    /// `/` and `//`.
    fn replaced(&mut self, name: &str) -> Part {
        let all = self.peek() == Some('/');
        if all {
            self.next();
        }
        let pattern = self.operand('/', true, "syntax error: missing '/' in ${}")?;
        let replacement = self.operand('}', true, "syntax error: missing '}'")?;
        let value = self.value(name);
        if value.is_none() && self.keeps_unset() {
            return Ok(format!("${{{name}/{pattern}/{replacement}}}"));
        }
        let compiled = Pattern::new(&pattern)
            .map_err(|why| format!("invalid pattern ({pattern}) in substitution: {why}"))?;
        compiled
            .replace(value.unwrap_or(""), &replacement, all)
            .ok_or_else(|| self.over("the pattern is too costly"))
    }
}

fn required(name: &str, set: bool, word: &str) -> String {
    let reason = match (word, set) {
        ("", false) => "is not allowed to be unset",
        ("", true) => "is not allowed to be empty",
        (word, _) => word,
    };
    format!("{name}: {reason}")
}
