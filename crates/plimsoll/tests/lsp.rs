//! The language server from the outside: what an editor is told while somebody types.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::process::Command;

use common::Repo;
use common::editor::{Editor, uri};
use serde_json::{Value, json};

const BAD: &str = "FROM alpine:3.22\nRUN apk add curl\nADD ../x /x\nUSER 1000\nCMD [\"/x\"]\n";

fn rules(all: &[Value]) -> Vec<&str> {
    all.iter().map(|one| one["code"].as_str().unwrap()).collect()
}

fn has(all: &[Value], rule: &str) -> bool {
    rules(all).contains(&rule)
}

fn place(line: u32, character: u32) -> Value {
    json!({ "line": line, "character": character })
}

fn range(from: (u32, u32), to: (u32, u32)) -> Value {
    json!({ "start": place(from.0, from.1), "end": place(to.0, to.1) })
}

#[test]
fn findings_come_and_go_with_what_is_typed() {
    let repo = Repo::new().file("Dockerfile", "FROM alpine:3.22\nUSER 1000\nCMD [\"/x\"]\n");
    let root = repo.path();
    let mut editor = Editor::new(&root, json!({}));
    editor.open(&root, "Dockerfile", "FROM alpine:3.22\nRUNN x\nUSER 1000\nCMD [\"/x\"]\n");
    let refused = "dockerfile/refused-by-buildkit";
    let all = editor.until("Dockerfile", |all| has(all, refused));
    let found = all.iter().find(|one| one["code"] == refused).unwrap();
    assert_eq!(found["severity"], 1);
    assert_eq!(found["source"], "plimsoll");
    assert_eq!(found["range"]["start"], place(1, 0));
    assert!(found["message"].as_str().unwrap().contains("no image is built"), "{found}");
    // One key: the N.
    let changes = json!([{ "range": range((1, 3), (1, 4)), "text": "" }]);
    editor.change(&root, "Dockerfile", 2, changes);
    editor.until("Dockerfile", |all| !has(all, refused));
    // What is closed is as it is on the disk.
    editor.change(&root, "Dockerfile", 3, json!([{ "text": "FRM x\n" }]));
    editor.until("Dockerfile", |all| has(all, refused));
    let document = json!({ "textDocument": { "uri": uri(&root, "Dockerfile") } });
    editor.tell("textDocument/didClose", document);
    editor.until("Dockerfile", |all| !has(all, refused));
    assert_eq!(editor.end(), 0);
}

#[test]
fn a_finding_is_where_the_mistake_is_in_the_units_of_the_editor() {
    let text = "FROM alpine:3.22\nRUN echo \u{1f6a2} && sudo true\nUSER 1000\nCMD [\"/x\"]\n";
    for (encodings, column) in [(json!(["utf-16"]), 15), (json!(["utf-8", "utf-16"]), 17)] {
        let repo = Repo::new().file("Dockerfile", text);
        let general = json!({ "general": { "positionEncodings": encodings } });
        let mut editor = Editor::new(&repo.path(), general);
        editor.open(&repo.path(), "Dockerfile", text);
        let all = editor.until("Dockerfile", |all| has(all, "security/sudo-in-build"));
        let found = all.iter().find(|one| one["code"] == "security/sudo-in-build").unwrap();
        assert_eq!(found["range"], range((1, column), (1, column + 4)), "{found}");
        assert_eq!(editor.end(), 0);
    }
}

/// Applies the edits of an action to a text, as an editor that counts UTF-16 does.
fn applied(text: &str, action: &Value, uri: &str) -> String {
    let mut edits: Vec<Value> = action["edit"]["changes"][uri].as_array().unwrap().clone();
    let at = |place: &Value| {
        (place["line"].as_u64().unwrap() as usize, place["character"].as_u64().unwrap() as usize)
    };
    edits.sort_by_key(|edit| std::cmp::Reverse(at(&edit["range"]["start"])));
    let mut lines: Vec<Vec<u16>> = text.split('\n').map(|l| l.encode_utf16().collect()).collect();
    for edit in edits {
        let (from, to) = (at(&edit["range"]["start"]), at(&edit["range"]["end"]));
        let rest = lines[to.0].split_off(to.1);
        lines.drain(from.0 + 1..=to.0.max(from.0));
        lines[from.0].truncate(from.1);
        lines[from.0].extend(edit["newText"].as_str().unwrap().encode_utf16());
        lines[from.0].extend(rest);
    }
    let lines: Vec<String> = lines.iter().map(|line| String::from_utf16(line).unwrap()).collect();
    lines.join("\n")
}

#[test]
fn fixes_and_waivers_are_offered_and_do_what_they_say() {
    let text =
        "FROM alpine:3.22\n# \u{1f6a2}\nRUN echo \u{1f6a2} && sudo true\nUSER 1000\nCMD [\"/x\"]\n";
    let repo = Repo::new().file("Dockerfile", text);
    let root = repo.path();
    let mut editor = Editor::new(&root, json!({}));
    editor.open(&root, "Dockerfile", text);
    editor.until("Dockerfile", |all| has(all, "security/sudo-in-build"));
    let mut ask = |only: Value| {
        let document = json!({ "uri": uri(&root, "Dockerfile") });
        let context = json!({ "diagnostics": [], "only": only });
        let params = json!({ "textDocument": document, "range": range((2, 16), (2, 16)), "context": context });
        editor.ask("textDocument/codeAction", params)["result"].as_array().unwrap().clone()
    };
    let actions = ask(json!(["quickfix"]));
    let drop = actions.iter().find(|action| action["title"] == "drop sudo").unwrap();
    assert_eq!((&drop["kind"], &drop["isPreferred"]), (&json!("quickfix"), &json!(true)));
    let mended = applied(text, drop, &uri(&root, "Dockerfile"));
    assert_eq!(mended, text.replace("sudo ", ""));
    let waive = actions.iter().find(|action| action["title"].as_str().unwrap().starts_with("let "));
    let waived = applied(text, waive.unwrap(), &uri(&root, "Dockerfile"));
    let comment = "\n# plimsoll: allow security/sudo-in-build until=";
    assert!(waived.contains(comment), "{waived}");
    let all = ask(json!(["source.fixAll"]));
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(applied(text, &all[0], &uri(&root, "Dockerfile")), mended);
    assert_eq!(ask(json!(["refactor"])), Vec::<Value>::new());
    // Without a reason the waiver is a fault, which no other waiver mends.
    editor.change(&root, "Dockerfile", 2, json!([{ "text": waived }]));
    editor.until("Dockerfile", |all| has(all, "config/fault"));
    let params = json!({ "textDocument": { "uri": uri(&root, "Dockerfile") },
        "range": range((2, 0), (2, 0)), "context": { "diagnostics": [] } });
    let actions = editor.ask("textDocument/codeAction", params)["result"].to_string();
    assert!(!actions.contains("config/fault"), "{actions}");
    // With the waiver, and a reason, it is not said any more.
    let waived = waived.replace("reason=\"\"", "reason=\"its base is not ours\"");
    editor.change(&root, "Dockerfile", 3, json!([{ "text": waived }]));
    editor.until("Dockerfile", |all| !has(all, "security/sudo-in-build"));
    assert_eq!(editor.end(), 0);
}

#[test]
fn a_hover_has_the_figures_of_the_history_and_the_page_of_the_rule() {
    let docker = |n: u32| {
        format!(
            "FROM alpine:3.22\nCOPY . /app\nRUN sudo make -C /app # {n}\nUSER 1000\nCMD [\"/x\"]\n"
        )
    };
    let repo = Repo::new().file("Dockerfile", docker(0)).file("a.txt", "0");
    let root = repo.path();
    for n in 0..4 {
        repo.write("a.txt", n.to_string());
        repo.commit(&format!("change {n}"));
    }
    let mut editor = Editor::new(&root, json!({}));
    editor.open(&root, "Dockerfile", &docker(0));
    let document = json!({ "uri": uri(&root, "Dockerfile") });
    let mut seen = String::new();
    for _ in 0..100 {
        let params = json!({ "textDocument": document, "position": place(2, 5) });
        let hover = editor.ask("textDocument/hover", params);
        seen = hover["result"]["contents"]["value"].as_str().unwrap_or_default().to_owned();
        if seen.contains("of the last") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(seen.contains("cached in 0 of the last 3 builds"), "{seen}");
    assert!(seen.contains("**advice** `security/sudo-in-build`"), "{seen}");
    assert!(seen.contains("**Why it matters**") && !seen.contains("```findings"), "{seen}");
    let params = json!({ "textDocument": document, "position": place(3, 0) });
    assert_eq!(editor.ask("textDocument/hover", params)["result"], Value::Null);
    assert_eq!(editor.end(), 0);
}

#[test]
fn a_finding_of_one_file_is_mended_in_another() {
    let workflow = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: docker build --target nope -t x .\n";
    let repo = Repo::new()
        .file("Dockerfile", "FROM alpine:3.22 AS one\nUSER 1000\nCMD [\"/x\"]\n")
        .file(".github/workflows/ci.yml", workflow);
    let root = repo.path();
    let mut editor = Editor::new(&root, json!({}));
    let wrong = "dockerfile/unknown-target-stage";
    // The workflow is not open: it is said all the same.
    editor.until("ci.yml", |all| has(all, wrong));
    editor.open(&root, "Dockerfile", "FROM alpine:3.22 AS nope\nUSER 1000\nCMD [\"/x\"]\n");
    editor.until("ci.yml", |all| !has(all, wrong));
    assert_eq!(editor.end(), 0);
}

/// What the guide gives to people with an older Neovim, then a look at what is shown, the quick fix, and a
/// look again.
const WATCH: &str = r#"
local function shown()
  local all = {}
  for _, found in ipairs(vim.diagnostic.get(0)) do
    table.insert(all, found.lnum .. ":" .. found.col .. " " .. found.code)
  end
  return table.concat(all, ", ")
end
vim.wait(20000, function() return shown() ~= "" end, 20)
print("before: " .. shown())
local at = { line = 1, character = 5 }
local params = {
  textDocument = vim.lsp.util.make_text_document_params(),
  range = { start = at, ["end"] = at },
  context = { diagnostics = {} },
}
for _, answer in pairs(vim.lsp.buf_request_sync(0, "textDocument/codeAction", params, 20000)) do
  for _, action in ipairs(answer.result) do
    if action.isPreferred then vim.lsp.util.apply_workspace_edit(action.edit, "utf-16") end
  end
end
vim.wait(20000, function() return shown() == "" end, 20)
print("\nafter: " .. shown() .. vim.api.nvim_buf_get_lines(0, 1, 2, true)[1])
"#;

#[test]
fn neovim_shows_findings_and_mends_them() {
    let there = Command::new("nvim").arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "no Neovim");
    if !there {
        return;
    }
    let text = "FROM alpine:3.22\nRUN sudo true\nUSER 1000\nCMD [\"/x\"]\n";
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/editors.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let set_up = guide.split("```lua\n").nth(2).unwrap().split("```").next().unwrap();
    let program = format!("\"{}\"", env!("CARGO_BIN_EXE_plimsoll"));
    let set_up = set_up.replace("\"plimsoll\", \"lsp\"", &format!("{program}, \"lsp\""));
    let repo = Repo::new()
        .file("Dockerfile", text)
        .file("../init.lua", set_up)
        .file("../watch.lua", WATCH);
    let done = Command::new("nvim")
        .args(["--headless", "-u", "../init.lua", "Dockerfile"])
        .args(["-c", "luafile ../watch.lua", "-c", "qa!"])
        .current_dir(repo.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).replace('\r', "");
    assert!(said.contains("before: 1:4 security/sudo-in-build\n"), "{said}");
    assert!(said.contains("after: RUN true"), "{said}");
}

#[test]
fn nonsense_ends_nothing() {
    let repo = Repo::new().file("Dockerfile", BAD);
    let root = repo.path();
    let mut editor = Editor::new(&root, json!({}));
    editor.tell("textDocument/didOpen", json!({ "textDocument": 5 }));
    editor.tell("textDocument/didChange", json!({ "textDocument": { "uri": "file:///elsewhere/Dockerfile", "version": 1 }, "contentChanges": [] }));
    editor.tell("textDocument/didOpen", json!({ "textDocument": { "uri": "untitled:Untitled-1", "languageId": "dockerfile", "version": 1, "text": "FROM x" } }));
    editor.tell("no/such", json!(null));
    assert_eq!(editor.ask("no/such", json!(null))["error"]["code"], -32601);
    assert_eq!(editor.ask("textDocument/hover", json!({ "x": 1 }))["error"]["code"], -32602);
    editor.open(&root, "Dockerfile", BAD);
    // Ranges that are nowhere.
    let odd = json!([{ "range": range((900, 900), (3, 1)), "text": "\u{1f6a2}" }]);
    editor.change(&root, "Dockerfile", 2, odd);
    let params = json!({ "textDocument": { "uri": uri(&root, "Dockerfile") }, "position": place(9999, 9999) });
    assert_eq!(editor.ask("textDocument/hover", params)["result"], Value::Null);
    assert_eq!(editor.end(), 0);
    let editor = Editor::new(&root, json!({}));
    assert_eq!(editor.hang_up(), 1);
}
