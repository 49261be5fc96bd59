//! An editor: the real server, spoken to over its standard input and output.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

pub(crate) struct Editor {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    asked: i64,
}

fn message(from: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim() {
            "" => break,
            line => {
                if let Some(count) = line.strip_prefix("Content-Length: ") {
                    length = count.parse().unwrap();
                }
            }
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).unwrap())
}

impl Editor {
    /// Starts the server for a folder.
    pub(crate) fn new(root: &Path, capabilities: Value) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, mut out) =
            (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (tell, from) = channel();
        thread::spawn(move || {
            while let Some(message) = message(&mut out) {
                if tell.send(message).is_err() {
                    break;
                }
            }
        });
        let mut editor = Self { child, to, from, asked: 0 };
        let folder = json!({ "uri": uri(root, ""), "name": "repo" });
        editor.ask(
            "initialize",
            json!({
                "processId": null, "rootUri": uri(root, ""), "workspaceFolders": [folder],
                "capabilities": capabilities,
            }),
        );
        editor.tell("initialized", json!({}));
        editor
    }

    pub(crate) fn send(&mut self, body: &str) {
        write!(self.to, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.to.flush().unwrap();
    }

    pub(crate) fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string());
    }

    /// The next message.
    pub(crate) fn hear(&self) -> Value {
        self.from.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    /// Asks, and waits for the answer; what is said meanwhile is passed over.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.send(&request.to_string());
        loop {
            let heard = self.hear();
            if heard["id"] == id {
                return heard;
            }
        }
    }

    pub(crate) fn open(&mut self, root: &Path, path: &str, text: &str) {
        let document =
            json!({ "uri": uri(root, path), "languageId": "x", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub(crate) fn change(&mut self, root: &Path, path: &str, version: i32, changes: Value) {
        let document = json!({ "uri": uri(root, path), "version": version });
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.tell("textDocument/didChange", params);
    }

    /// Waits until what is said of a file is so.
    pub(crate) fn until(&self, path: &str, is: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        loop {
            let heard = self.hear();
            let of = heard["params"]["uri"].as_str().unwrap_or_default().to_owned();
            if heard["method"] == "textDocument/publishDiagnostics" && of.ends_with(path) {
                let all = heard["params"]["diagnostics"].as_array().unwrap().clone();
                if is(&all) {
                    return all;
                }
            }
        }
    }

    /// Ends it as the protocol says; gives its exit code.
    pub(crate) fn end(mut self) -> i32 {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.child.wait().unwrap().code().unwrap()
    }

    /// Goes away without a word; gives the exit code of the server.
    pub(crate) fn hang_up(self) -> i32 {
        let Self { mut child, to, .. } = self;
        drop(to);
        child.wait().unwrap().code().unwrap()
    }
}

pub(crate) fn uri(root: &Path, path: &str) -> String {
    format!("file://{}", root.join(path).display()).trim_end_matches('/').replace(' ', "%20")
}
