//! What the script that is loaded before a Node.js service says, read as a tree.

use std::collections::BTreeMap;

use super::super::forest::{Forest, Home, MOST, Module};

const MARK: &str = "plimsoll:node ";

/// What was loaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Trace {
    /// The modules; of the first one, which is the service, only what it loads is counted.
    pub(crate) service: Forest,
    /// `v20.11.0`.
    pub(crate) version: Option<String>,
    /// Whether the service is an ES module, whose imports are not seen.
    pub(crate) is_esm: bool,
    /// Whether there was more than is kept.
    pub(crate) cut: bool,
}

/// A module: its number, microseconds with all and of its own, its file, what loads it, whether it
/// is what the process was started with.
type Told = (u64, u64, u64, String, Option<(u64, String)>, bool);

/// Reads a trace; what is no line of it is passed over.
pub(crate) fn parse(text: &str) -> Trace {
    let mut trace = Trace::default();
    // What waits for the module that loads it: by process and number.
    let mut waiting = BTreeMap::<(u32, u64), Vec<usize>>::new();
    for line in text.lines() {
        let Some((_, line)) = line.rsplit_once(MARK) else { continue };
        let mut parts = line.splitn(3, ' ');
        let (Some(what), Some(pid), Some(about)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let Ok(pid) = pid.parse() else { continue };
        match what {
            "listens" => listens(&mut trace, about),
            "module" => {
                if let Ok(told) = serde_json::from_str(about) {
                    module(&mut trace, &mut waiting, pid, told);
                }
            }
            _ => {}
        }
    }
    trace
}

fn listens(trace: &mut Trace, about: &str) {
    let Ok((version, is_esm)) = serde_json::from_str::<(String, bool)>(about) else { return };
    trace.version.get_or_insert(version.chars().take(20).filter(|c| !c.is_control()).collect());
    trace.is_esm |= is_esm;
}

fn module(
    trace: &mut Trace,
    waiting: &mut BTreeMap<(u32, u64), Vec<usize>>,
    pid: u32,
    (number, all, own, file, by, is_main): Told,
) {
    let children = waiting.remove(&(pid, number)).unwrap_or_default();
    if is_main {
        // It is the service itself, and what it loads is not within anything.
        return;
    }
    if trace.service.modules.len() >= MOST {
        trace.cut = true;
        return;
    }
    let at = trace.service.modules.len();
    for child in children {
        trace.service.modules[child].parent = Some(at);
    }
    if let Some((parent, _)) = by {
        waiting.entry((pid, parent)).or_default().push(at);
    }
    let home = if file.contains("/node_modules/") { Home::Package } else { Home::Service };
    trace.service.modules.push(Module {
        name: name(&file),
        seconds: all as f64 / 1e6,
        own: own as f64 / 1e6,
        by: by.map(|(_, file)| name(&file)),
        home,
        file: Some(file),
        ..Module::default()
    });
}

/// The package of a file and its path there: `express`, `lodash/fp.js`; of the service's own, its path.
fn name(file: &str) -> String {
    let Some((_, inside)) = file.rsplit_once("/node_modules/") else { return file.to_owned() };
    let parts = if inside.starts_with('@') { 2 } else { 1 };
    let end = inside.match_indices('/').nth(parts - 1).map_or(inside.len(), |(at, _)| at);
    let (package, path) = inside.split_at(end);
    match path.trim_start_matches('/') {
        "" | "index.js" | "index.cjs" | "lib/index.js" | "dist/index.js" => package.to_owned(),
        path => format!("{package}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPTURED: &str = include_str!("../captures/node-18.txt");

    #[test]
    fn modules_have_names_of_their_packages() {
        assert_eq!(name("/app/node_modules/express/index.js"), "express");
        assert_eq!(name("/app/node_modules/a/node_modules/@b/c/lib/d.js"), "@b/c/lib/d.js");
        assert_eq!(name("/app/node_modules/@b"), "@b");
        assert_eq!(name("/app/server.js"), "/app/server.js");
    }

    #[test]
    fn a_trace_is_read_as_a_tree() {
        let trace = parse(CAPTURED);
        assert!(trace.version.as_deref().is_some_and(|version| version.starts_with("v18.")));
        assert!(!trace.is_esm);
        let costliest = trace.service.costliest();
        assert_eq!(costliest[0].name, "slow", "{costliest:#?}");
        assert_eq!(costliest[0].modules, 2);
        assert_eq!(costliest[0].by.as_deref(), Some("/app/db.js"));
        assert!(costliest[0].seconds > 0.03);
    }

    #[test]
    fn what_is_no_line_is_passed_over() {
        for text in [
            "plimsoll:node ",
            "plimsoll:node module 1",
            "plimsoll:node module x [1]",
            "plimsoll:node module 1 [0,1,1,\"a\",null]",
            "plimsoll:node module 1 [0,-1,1,\"a\",null,false]",
            "plimsoll:node listens 1 7",
        ] {
            assert_eq!(parse(text), Trace::default(), "{text}");
        }
        // A module that says it loads itself.
        let own = "plimsoll:node module 1 [0,1,1,\"a\",[0,\"a\"],false]\n".repeat(3);
        assert_eq!(parse(&own).service.costliest().len(), 1);
        assert!(parse(&own.repeat(MOST)).cut);
    }
}
