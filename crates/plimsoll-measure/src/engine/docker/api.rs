//! The engine's API, asked synchronously: the asynchronous client behind it is nobody's business.

use std::future::Future;
use std::io::{self, Read};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, Docker};
use futures_util::StreamExt as _;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::super::{Cancel, EngineError, ErrorKind};
use super::ASK;
use super::endpoint::{Endpoint, Route};

/// How often a wish to stop is looked for.
const GLANCE: Duration = Duration::from_millis(50);
/// The library's own limit for one request, longer than any of ours.
const REQUEST: u64 = 4 * 60 * 60;

/// A connection to an engine.
pub(super) struct Api {
    runtime: Runtime,
    pub(super) docker: Docker,
    host: String,
}

impl Api {
    /// Connects, and says the engine's version.
    pub(super) fn connect(endpoint: &Endpoint) -> Result<(Self, String), EngineError> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        let runtime =
            runtime.map_err(|error| EngineError::local("failed to begin to wait", &error))?;
        let unreachable = |why: String| {
            let what = format!(
                "no Docker Engine answers at {} ({}): {why}",
                endpoint.host, endpoint.found
            );
            EngineError::new(ErrorKind::Unreachable, what)
                .hint("start the engine, or set DOCKER_HOST; `docker info` must answer")
        };
        let docker = client(endpoint)?.map_err(|error| unreachable(root(&error)))?;
        let host = endpoint.host.clone();
        let api = Self { runtime, docker, host };
        let version = async { api.docker.clone().negotiate_version().await?.version().await };
        let version = api.ask(ASK, version).map_err(|error| unreachable(error.what))?;
        Ok((api, version.version.unwrap_or_else(|| "unknown".to_owned())))
    }

    /// Whether the engine still answers.
    pub(super) fn answers(&self) -> bool {
        self.ask(Duration::from_secs(5), self.docker.ping()).is_ok()
    }

    /// Asks, and waits as long as `limit` for the answer.
    pub(super) fn ask<T>(
        &self,
        limit: Duration,
        question: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, EngineError> {
        self.ask_until(limit, &Cancel::new(), question)
    }

    /// Asks, and waits until there is an answer, or no wish for one any more.
    pub(super) fn ask_until<T>(
        &self,
        limit: Duration,
        cancel: &Cancel,
        question: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, EngineError> {
        self.runtime.block_on(async {
            let mut question = pin!(question);
            let begun = Instant::now();
            loop {
                if let Ok(answer) = timeout(GLANCE, question.as_mut()).await {
                    return answer.map_err(|error| self.error(&error));
                }
                if cancel.is_cancelled() {
                    return Err(EngineError::cancelled());
                }
                if begun.elapsed() > limit {
                    let what =
                        format!("{} does not answer within {} s", self.host, limit.as_secs());
                    return Err(EngineError::new(ErrorKind::TimedOut, what));
                }
            }
        })
    }

    fn error(&self, error: &Error) -> EngineError {
        let said = root(error);
        match error {
            Error::DockerResponseServerError { status_code, message } => {
                refused(*status_code, message)
            }
            Error::DockerStreamError { error } => refused(500, error),
            _ => EngineError::new(ErrorKind::Lost, format!("{} went away: {said}", self.host))
                .hint("the engine's own log says why; start it again"),
        }
    }
}

/// What an answer that is a refusal means.
fn refused(status: u16, message: &str) -> EngineError {
    let lower = message.to_ascii_lowercase();
    let has = |text: &str| lower.contains(text);
    if has("no space left on device") {
        return EngineError::disk_full(format!("the engine's disk is full: {message}"));
    }
    let no_program = has("executable file not found")
        || (has("oci runtime") && (has("no such file or directory") || has("permission denied")));
    let kind = match status {
        _ if no_program => ErrorKind::NoProgram,
        404 => ErrorKind::Unknown,
        _ => ErrorKind::Refused,
    };
    EngineError::new(kind, format!("the engine says: {}", message.trim()))
}

fn client(endpoint: &Endpoint) -> Result<Result<Docker, Error>, EngineError> {
    Ok(match (endpoint.route()?, &endpoint.tls) {
        (Route::Unix(path), _) => Docker::connect_with_unix(&path, REQUEST, API_DEFAULT_VERSION),
        (Route::Tcp(address), None) => {
            Docker::connect_with_http(&address, REQUEST, API_DEFAULT_VERSION)
        }
        (Route::Tcp(address), Some(tls)) => Docker::connect_with_ssl(
            &address,
            &tls.key,
            &tls.cert,
            &tls.ca,
            REQUEST,
            API_DEFAULT_VERSION,
        ),
    })
}

/// The innermost cause: those around it say no more than that something failed.
fn root(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

type Chunks<B> = Pin<Box<dyn futures_util::Stream<Item = Result<B, Error>> + Send>>;

/// A stream of the API as something to read. One that breaks is an error, not an end.
pub(super) struct Stream<B> {
    api: Arc<Api>,
    chunks: Chunks<B>,
    chunk: Option<B>,
    read: usize,
}

impl<B: AsRef<[u8]>> Stream<B> {
    pub(super) fn new(api: Arc<Api>, chunks: Chunks<B>) -> Self {
        Self { api, chunks, chunk: None, read: 0 }
    }

    fn next(&mut self) -> io::Result<Option<B>> {
        let chunks = &mut self.chunks;
        let next = async { chunks.next().await.transpose() };
        self.api.ask(ASK, next).map_err(io::Error::other)
    }
}

impl<B: AsRef<[u8]>> Read for Stream<B> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(chunk) = self.chunk.as_ref().and_then(|c| c.as_ref().get(self.read..)) {
                let count = chunk.len().min(into.len());
                if count > 0 || into.is_empty() {
                    into[..count].copy_from_slice(&chunk[..count]);
                    self.read += count;
                    return Ok(count);
                }
            }
            (self.chunk, self.read) = (self.next()?, 0);
            if self.chunk.is_none() {
                return Ok(0);
            }
        }
    }
}
