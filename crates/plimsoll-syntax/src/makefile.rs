//! Makefiles: variables, and the recipes of targets as shell text.

use std::collections::{BTreeMap, BTreeSet};

use crate::Cooked;

/// A Makefile, as far as its recipes can be read without running make.
#[derive(Clone, Debug, Default)]
pub struct Makefile {
    rules: Vec<Rule>,
    variables: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
struct Rule {
    targets: Vec<String>,
    needs: Vec<String>,
    recipe: Vec<Cooked>,
}

impl Makefile {
    /// Reads a Makefile. Total: lines that are neither a rule, a recipe nor a variable are
    /// passed over.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut makefile = Self::default();
        let mut at = 0;
        let mut lines = text.split_inclusive('\n').peekable();
        while let Some(line) = lines.next() {
            let start = at;
            at += line.len();
            let mut cooked = Cooked::default();
            cooked.push(line, start);
            let recipe = line.starts_with('\t');
            // A line that ends in a backslash goes on in the next one.
            let mut continued = ends_in_backslash(line);
            while continued && let Some(next) = lines.next() {
                continued = ends_in_backslash(next);
                cooked.push(next, at);
                at += next.len();
            }
            if recipe {
                makefile.recipe(&cooked, text);
            } else {
                makefile.line(cooked.text());
            }
        }
        makefile
    }

    fn recipe(&mut self, line: &Cooked, source: &str) {
        let Some(rule) = self.rules.last_mut() else { return };
        let text = line.text();
        let skipped = text.len() - text.trim_start_matches(['\t', ' ', '@', '-', '+']).len();
        let mut recipe = Cooked::default();
        let start = line.source_offset(u32::try_from(skipped).unwrap_or(0)) as usize;
        // `$(NAME)` is make's; to a shell parser it would be a command.
        let body = make_variables(&text[skipped..]);
        recipe.push(&body, start.min(source.len()));
        rule.recipe.push(recipe);
    }

    fn line(&mut self, line: &str) {
        let line = line.split(" #").next().unwrap_or(line).trim_end();
        if line.is_empty() || line.starts_with(['#', ' ', '.']) {
            return;
        }
        let assigned =
            ["::=", ":=", "?=", "+=", "!=", "="].iter().find_map(|sign| line.split_once(sign));
        let colon = line.find(':');
        let rule_first = colon.is_some_and(|c| {
            line.find('=').is_none_or(|e| c + 1 < e)
                && !line[c..].starts_with(":=")
                && !line[c..].starts_with("::=")
        });
        if let Some((name, value)) = assigned.filter(|_| !rule_first) {
            let name = name.trim().trim_start_matches("export ").trim();
            if !name.contains(char::is_whitespace) && !line.contains("!=") {
                self.variables.insert(name.to_owned(), value.trim().to_owned());
            }
            return;
        }
        if let Some((targets, needs)) = line.split_once(':') {
            let words = |s: &str| s.split_whitespace().map(str::to_owned).collect();
            let needs = needs.split(';').next().unwrap_or(needs);
            self.rules.push(Rule {
                targets: words(targets),
                needs: words(needs.trim_start_matches(':')),
                recipe: Vec::new(),
            });
        }
    }

    /// The recipe lines of targets and of what they need, in the order make would run them;
    /// of every rule where no target is named.
    pub fn recipes(&self, targets: &[String]) -> impl Iterator<Item = &Cooked> {
        let mut chosen: Vec<usize> = Vec::new();
        if targets.is_empty() {
            chosen.extend(0..self.rules.len());
        } else {
            let mut seen = BTreeSet::new();
            for target in targets {
                self.collect(target, &mut seen, &mut chosen);
            }
        }
        chosen.into_iter().flat_map(|i| &self.rules[i].recipe)
    }

    /// Adds the rules of a target, its needs first. Iterative: a hostile file is only slow.
    fn collect<'a>(
        &'a self,
        target: &'a str,
        seen: &mut BTreeSet<&'a str>,
        chosen: &mut Vec<usize>,
    ) {
        let mut stack = vec![(target, false)];
        while let Some((name, expanded)) = stack.pop() {
            let rules =
                self.rules.iter().enumerate().filter(|(_, r)| r.targets.iter().any(|t| t == name));
            if expanded {
                chosen.extend(rules.map(|(i, _)| i));
            } else if seen.insert(name) {
                stack.push((name, true));
                // In reverse, so that the stack gives them in order.
                let needs: Vec<&String> = rules.flat_map(|(_, r)| &r.needs).collect();
                stack.extend(needs.into_iter().rev().map(|n| (n.as_str(), false)));
            }
        }
    }

    /// Variables with their values, unexpanded.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }
}

fn ends_in_backslash(line: &str) -> bool {
    line.trim_end_matches(['\n', '\r']).ends_with('\\')
}

/// Turns `$(NAME)` into `${NAME}` and `$$` into `$`: places after a `$$` are a byte early.
fn make_variables(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(i) = rest.find('$') {
        out.push_str(&rest[..i]);
        rest = &rest[i..];
        let name = rest.strip_prefix("$(").and_then(|t| t.split_once(')')).map(|(n, _)| n);
        let plain =
            |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if let Some(name) = name.filter(|n| plain(n)) {
            out.push_str("${");
            out.push_str(name);
            out.push('}');
            rest = &rest[name.len() + 3..];
        } else if let Some(after) = rest.strip_prefix("$$") {
            out.push('$');
            rest = after;
        } else {
            out.push('$');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_come_in_the_order_make_runs_them() {
        let text = "IMAGE ?= eu.gcr.io/p/api\nTAG := 1\n.PHONY: a\n\nbuild: lint ## help\n\t@docker build \\\n\t  -t $(IMAGE):$(TAG) .\n\nlint:\n\t-echo $$HOME\npush: build\n\tdocker push x\n";
        let makefile = Makefile::parse(text);
        let lines: Vec<&str> = makefile.recipes(&["push".to_owned()]).map(Cooked::text).collect();
        assert_eq!(
            lines,
            ["echo $HOME\n", "docker build \\\n\t  -t ${IMAGE}:${TAG} .\n", "docker push x\n"]
        );
        assert_eq!(
            makefile.variables().collect::<Vec<_>>(),
            [("IMAGE", "eu.gcr.io/p/api"), ("TAG", "1")]
        );
        assert_eq!(makefile.recipes(&[]).count(), 3);
        let build = makefile.recipes(&["build".to_owned()]).nth(1).unwrap();
        assert_eq!(build.source_offset(0) as usize, text.find("docker build").unwrap());
    }

    #[test]
    fn cycles_and_noise_end() {
        assert_eq!(Makefile::parse("a:\n\techo $(X").recipes(&[]).count(), 1);
        let makefile = Makefile::parse("a: b\nb: a\n\tx\nifdef X\n\ty\nendif\n\\\n");
        assert_eq!(makefile.recipes(&["a".to_owned()]).count(), 2);
    }
}
