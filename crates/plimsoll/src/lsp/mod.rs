//! The language server: a review at every keystroke, over standard input and output.
//!
//! One thread reads messages and judges; what takes longer than a keystroke (the disk, the context, the
//! git history) is measured by another, 400 ms after the last change, and judged again with.
//! `docs/decisions/0008-language-server.md` says why.

mod actions;
mod diagnostics;
mod evidence;
mod hover;
mod text;
mod uri;
mod workspace;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{never, select};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument,
    DidSaveTextDocument, Notification as _, PublishDiagnostics,
};
use lsp_types::request::{CodeActionRequest, HoverRequest, Request as _};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProviderCapability, Diagnostic,
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    HoverParams, HoverProviderCapability, InitializeParams, PositionEncodingKind,
    PublishDiagnosticsParams, SaveOptions, ServerCapabilities, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions, Uri,
};
use plimsoll_model::Sources;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::evidence::{Gatherer, Job, News};
use self::text::Units;
use self::workspace::{Document, Workspace};
use crate::failure::Failure;
use crate::pipeline::VERSION;

/// How long nobody types before what takes long is measured anew.
const PAUSE: Duration = Duration::from_millis(400);

/// Serves until the editor ends it; false where it went away without a word.
pub(crate) fn serve() -> Result<bool, Failure> {
    let (connection, threads) = Connection::stdio();
    let broken = |error: lsp_server::ProtocolError| {
        Failure::usage(format!("what came in is not what an editor says: {error}"))
            .hint("`plimsoll lsp` is started by an editor; docs/guide/editors.md shows how")
    };
    let (id, params) = connection.initialize_start().map_err(broken)?;
    let params: InitializeParams = match serde_json::from_value(params) {
        Ok(params) => params,
        Err(error) => {
            return Err(Failure::usage(format!("the editor's greeting cannot be read: {error}")));
        }
    };
    let units = units(&params);
    let greeting = json!({
        "capabilities": capabilities(units),
        "serverInfo": { "name": "plimsoll", "version": VERSION },
    });
    connection.initialize_finish(id, greeting).map_err(broken)?;
    let ended = Server::new(&connection, &params, units).run();
    drop(connection);
    threads.join()?;
    Ok(ended)
}

/// Bytes where the editor can count them: nothing has to be counted then.
fn units(params: &InitializeParams) -> Units {
    let general = params.capabilities.general.as_ref();
    let known = general.and_then(|general| general.position_encodings.as_ref());
    match known.is_some_and(|known| known.contains(&PositionEncodingKind::UTF8)) {
        true => Units::Bytes,
        false => Units::Utf16,
    }
}

fn capabilities(units: Units) -> ServerCapabilities {
    let kinds = vec![CodeActionKind::QUICKFIX, CodeActionKind::new("source.fixAll.plimsoll")];
    ServerCapabilities {
        position_encoding: Some(match units {
            Units::Bytes => PositionEncodingKind::UTF8,
            Units::Utf16 => PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions::default())),
            ..TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(kinds),
            ..CodeActionOptions::default()
        })),
        ..ServerCapabilities::default()
    }
}

/// A repository, and what its editor was told of it.
struct Edited {
    workspace: Workspace,
    /// Whether something changed since it was judged.
    stale: bool,
    /// When it is to be measured anew.
    due: Option<Instant>,
    /// Whether it is measured at this moment.
    busy: bool,
    told: BTreeMap<String, Vec<Diagnostic>>,
}

struct Server<'c> {
    connection: &'c Connection,
    units: Units,
    gatherer: Gatherer,
    edited: Vec<Edited>,
}

impl<'c> Server<'c> {
    fn new(connection: &'c Connection, params: &InitializeParams, units: Units) -> Self {
        let mut server =
            Self { connection, units, gatherer: Gatherer::start(), edited: Vec::new() };
        let folders = params.workspace_folders.iter().flatten().map(|folder| &folder.uri);
        #[expect(deprecated, reason = "older editors name one folder, in this way")]
        let old = params.root_uri.iter().filter(|_| params.workspace_folders.is_none());
        for folder in folders.chain(old).filter_map(uri::path) {
            server.add(root_of(&folder).unwrap_or(folder));
        }
        server
    }

    /// Begins with a repository, unless it is known.
    fn add(&mut self, root: PathBuf) -> usize {
        let known = self.edited.iter().position(|edited| edited.workspace.root == root);
        known.unwrap_or_else(|| {
            let workspace = Workspace::new(root, Sources::default());
            let due = Some(Instant::now());
            let told = BTreeMap::new();
            self.edited.push(Edited { workspace, stale: false, due, busy: false, told });
            self.edited.len() - 1
        })
    }

    /// Serves until the end; false where the editor went away without a word.
    fn run(mut self) -> bool {
        loop {
            self.measure();
            let next = self.edited.iter().filter(|edited| !edited.busy).filter_map(|e| e.due).min();
            let timer = next.map_or_else(never, crossbeam_channel::at);
            select! {
                recv(self.connection.receiver) -> message => match message {
                    Ok(Message::Request(request)) => match self.connection.handle_shutdown(&request) {
                        Ok(false) => self.answer(request),
                        Ok(true) => return true,
                        Err(_) => return false,
                    },
                    Ok(Message::Notification(notification)) => {
                        if notification.method == "exit" {
                            return false;
                        }
                        self.hear(notification);
                    }
                    // Nothing is asked of the editor.
                    Ok(Message::Response(_)) => {}
                    Err(_) => return false,
                },
                recv(self.gatherer.news) -> news => if let Ok(news) = news { self.learn(news) },
                recv(timer) -> _ => {}
            }
            // Who types fast is answered for the last key.
            if self.connection.receiver.is_empty() {
                self.settle();
            }
        }
    }

    /// Lets be measured what is due.
    fn measure(&mut self) {
        for edited in &mut self.edited {
            if edited.busy || edited.due.is_none_or(|due| due > Instant::now()) {
                continue;
            }
            let open = edited.workspace.open.iter();
            let open = open.map(|(path, document)| (path.clone(), document.text.clone())).collect();
            self.gatherer.wish(Job { root: edited.workspace.root.clone(), open });
            (edited.busy, edited.due) = (true, None);
        }
    }

    fn learn(&mut self, news: News) {
        let (root, done) = match &news {
            News::Read(root, _) => (root, false),
            News::Measured(root, _) => (root, true),
        };
        let found = self.edited.iter_mut().find(|edited| edited.workspace.root == *root);
        let Some(edited) = found else { return };
        match news {
            News::Read(_, sources) => edited.workspace.take(sources),
            News::Measured(_, both) => {
                (edited.workspace.measured, edited.workspace.recorded) = *both;
            }
        }
        edited.stale = true;
        edited.busy = !done;
    }

    /// Judges what changed, and tells what is different.
    fn settle(&mut self) {
        for edited in self.edited.iter_mut().filter(|edited| edited.stale) {
            edited.stale = false;
            edited.workspace.judge();
            let now = diagnostics::of(&edited.workspace, self.units);
            let gone = edited.told.keys().filter(|path| !now.contains_key(*path));
            let gone = gone.map(|path| (path, &[] as &[Diagnostic]));
            let new = now.iter().filter(|(path, all)| edited.told.get(*path) != Some(all));
            let new = new.map(|(path, all)| (path, all.as_slice()));
            for (path, diagnostics) in gone.chain(new) {
                let Some(uri) = uri::of(&edited.workspace.root.join(path)) else { continue };
                let version = edited.workspace.open.get(path).map(|document| document.version);
                let diagnostics = diagnostics.to_vec();
                let params = PublishDiagnosticsParams { uri, diagnostics, version };
                let method = PublishDiagnostics::METHOD.to_owned();
                // Where nobody listens any more, the loop ends by itself.
                let _ = self.connection.sender.send(Notification::new(method, params).into());
            }
            edited.told = now;
        }
    }

    /// The repository of a file, and its path there.
    fn find(&self, uri: &Uri) -> Option<(usize, String)> {
        let path = uri::path(uri)?;
        let of = |(at, edited): (usize, &Edited)| Some((at, edited.workspace.inside(&path)?));
        // Of two, one of which lies in the other, the inner one has the shorter path.
        self.edited.iter().enumerate().filter_map(of).min_by_key(|(_, path)| path.len())
    }

    fn hear(&mut self, notification: Notification) {
        match notification.method.as_str() {
            DidOpenTextDocument::METHOD => {
                let Some(DidOpenTextDocumentParams { text_document }) = read(notification) else {
                    return;
                };
                if self.find(&text_document.uri).is_none()
                    && let Some(root) = uri::path(&text_document.uri).and_then(|p| root_of(&p))
                {
                    self.add(root);
                }
                let (text, version) = (text_document.text, text_document.version);
                self.edit(&text_document.uri, |open, path| {
                    open.insert(path.to_owned(), Document { text, version });
                });
            }
            DidChangeTextDocument::METHOD => {
                let Some(params) = read::<DidChangeTextDocumentParams>(notification) else {
                    return;
                };
                let (units, document) = (self.units, params.text_document);
                self.edit(&document.uri, |open, path| {
                    if let Some(known) = open.get_mut(path) {
                        text::change(&mut known.text, params.content_changes, units);
                        known.version = document.version;
                    }
                });
            }
            DidCloseTextDocument::METHOD => {
                let Some(params) = read::<DidCloseTextDocumentParams>(notification) else { return };
                let Some((at, path)) = self.find(&params.text_document.uri) else { return };
                let edited = &mut self.edited[at];
                edited.workspace.open.remove(&path);
                // What was not saved is gone.
                edited.due = Some(Instant::now());
            }
            DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => {
                for edited in &mut self.edited {
                    edited.due = Some(Instant::now());
                }
            }
            _ => {}
        }
    }

    /// Changes what is open of a repository.
    fn edit(&mut self, uri: &Uri, how: impl FnOnce(&mut BTreeMap<String, Document>, &str)) {
        let Some((at, path)) = self.find(uri) else { return };
        let edited = &mut self.edited[at];
        how(&mut edited.workspace.open, &path);
        edited.workspace.edited(&path);
        edited.stale = true;
        edited.due = Some(Instant::now() + PAUSE);
    }

    fn answer(&mut self, request: Request) {
        // An answer is about what stands there now.
        self.settle();
        let id = request.id.clone();
        let said = match request.method.as_str() {
            HoverRequest::METHOD => parse(request).map(|params| self.hover(&params)),
            CodeActionRequest::METHOD => parse(request).map(|params| self.actions(params)),
            other => Err((ErrorCode::MethodNotFound, format!("{other} is not served"))),
        };
        let response = match said {
            Ok(value) => Response::new_ok(id, value),
            Err((code, what)) => Response::new_err(id, code as i32, what),
        };
        let _ = self.connection.sender.send(response.into());
    }

    fn hover(&self, params: &HoverParams) -> Value {
        let at = &params.text_document_position_params;
        let found = self.find(&at.text_document.uri);
        let hover = found.and_then(|(of, path)| {
            hover::of(&self.edited[of].workspace, &path, at.position, self.units)
        });
        json!(hover)
    }

    fn actions(&self, params: CodeActionParams) -> Value {
        let Some((of, path)) = self.find(&params.text_document.uri) else { return json!([]) };
        let workspace = &self.edited[of].workspace;
        let only = params.context.only.as_deref();
        json!(actions::of(workspace, &path, params.range, only, self.units))
    }
}

/// The repository that a file or folder is in.
fn root_of(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_path_buf)
}

/// What a notification says; one that makes no sense is passed over, as there is nobody to tell.
fn read<P: DeserializeOwned>(notification: Notification) -> Option<P> {
    serde_json::from_value(notification.params).ok()
}

fn parse<P: DeserializeOwned>(request: Request) -> Result<P, (ErrorCode, String)> {
    serde_json::from_value(request.params)
        .map_err(|error| (ErrorCode::InvalidParams, error.to_string()))
}
