//! Questions to one registry: redirects, logins, waiting.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, LOCATION, RANGE};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use rustls::ClientConfig;

use super::challenge;
use super::credentials::{self, Found};
use super::fault::{self, Asked, Fault};
use super::line::Line;
use super::reference::{Reference, is_loopback};
use super::settings::Settings;
use super::tls;
use super::token::Pass;
use crate::Error;

/// How often one question may be sent on.
const REDIRECTS: usize = 5;

/// How many seconds a registry may make us wait.
const PATIENCE: u64 = 30;

/// How many lines are kept for the next blob.
const IDLE_LINES: usize = 8;

/// One registry, one repository, one account.
pub(super) struct Session {
    pub(super) reference: Reference,
    pub(super) settings: Settings,
    tls: ClientConfig,
    near: bool,
    base: Url,
    found: OnceLock<Found>,
    pass: Mutex<Option<Pass>>,
    idle: Mutex<Vec<Line>>,
}

/// What is asked for.
pub(super) struct Question<'a> {
    /// Below `/v2/REPOSITORY/`.
    pub(super) path: &'a str,
    /// The media types that are understood.
    pub(super) accept: &'static str,
    /// From which byte on.
    pub(super) from: u64,
    /// What it is called in an error.
    pub(super) what: &'a str,
}

impl Session {
    pub(super) fn new(reference: Reference, settings: Settings) -> Result<Self, Error> {
        let near = is_loopback(reference.api_host());
        let scheme = if near && !settings.loopback_tls { "http" } else { "https" };
        let base = format!("{scheme}://{}/v2/{}/", reference.api_host(), reference.repository);
        let base = Url::parse(&base)
            .map_err(|error| Error::Format(format!("{reference} makes no address: {error}")))?;
        let tls = tls::config(settings.certificates.as_deref())?;
        let (found, pass, idle) = Default::default();
        Ok(Self { reference, settings, tls, near, base, found, pass, idle })
    }

    /// A line that was used before, or a new one.
    pub(super) fn line(&self) -> Result<Line, Error> {
        let kept = lock(&self.idle).pop();
        kept.map_or_else(|| Line::open(&self.settings, &self.tls, self.near), Ok)
    }

    /// Keeps a line whose last answer was read to its end.
    pub(super) fn keep(&self, line: Line) {
        let mut idle = lock(&self.idle);
        if idle.len() < IDLE_LINES {
            idle.push(line);
        }
    }

    /// The registry's name in errors.
    pub(super) fn host(&self) -> &str {
        &self.reference.host
    }

    /// Asks until there is an answer to read: logs in when told to, waits once when told to.
    pub(super) async fn ask(
        &self,
        client: &Client,
        question: &Question<'_>,
    ) -> Result<Response, Fault> {
        let (mut may_login, mut may_wait) = (true, true);
        loop {
            let pass = lock(&self.pass).clone();
            let response = self.follow(client, question, pass.as_ref()).await?;
            let own = same_place(response.url(), &self.base);
            let wait = fault::retry_after(&response).filter(|wait| *wait <= PATIENCE);
            match (response.status(), wait) {
                (StatusCode::OK, _) => return Ok(response),
                (StatusCode::PARTIAL_CONTENT, _) if question.from > 0 => return Ok(response),
                (StatusCode::UNAUTHORIZED, _) if own && may_login => {
                    may_login = false;
                    let challenge = challenge::read(response.headers());
                    let pass = self.login(client, challenge, question.what).await?;
                    *lock(&self.pass) = Some(pass);
                }
                (StatusCode::TOO_MANY_REQUESTS, Some(wait)) if may_wait => {
                    may_wait = false;
                    drop(response);
                    tokio::time::sleep(Duration::from_secs(wait)).await;
                }
                _ => return Err(self.refusal(response, question.what, pass.is_some()).await),
            }
        }
    }

    async fn refusal(&self, response: Response, what: &str, told: bool) -> Fault {
        let url = response.url().clone();
        let elsewhere = (!same_place(&url, &self.base)).then(|| url.host_str().unwrap_or_default());
        // A pass that nobody had to prove themselves for tells the registry nothing.
        let known = told && self.found().secret.is_some();
        let note = if told { self.found().note.as_str() } else { "" };
        let asked = Asked { reference: &self.reference, what, elsewhere, known, note };
        fault::status(response, asked).await
    }

    /// Reads the configuration once, and only when somebody wants to know who asks.
    pub(super) fn found(&self) -> &Found {
        self.found.get_or_init(|| credentials::find(&self.settings, &self.reference))
    }

    /// Sends a question and follows where it is sent on. The pass goes to the registry alone.
    async fn follow(
        &self,
        client: &Client,
        question: &Question<'_>,
        pass: Option<&Pass>,
    ) -> Result<Response, Fault> {
        let mut url = self.base.join(question.path).map_err(|error| {
            Error::Format(format!("{} makes no address: {error}", question.what))
        })?;
        for _ in 0..=REDIRECTS {
            let mut request = client.get(url.clone()).header(ACCEPT, question.accept);
            if question.from > 0 {
                request = request.header(RANGE, format!("bytes={}-", question.from));
            }
            if let Some(pass) = pass.filter(|_| same_place(&url, &self.base)) {
                request = request.header(AUTHORIZATION, pass.header());
            }
            let response = send(request, &url).await?;
            match target(&response) {
                Some(next) if response.status().is_redirection() => url = self.allowed(next?)?,
                _ => return Ok(response),
            }
        }
        Err(Error::Stream(format!(
            "{}: {} sends us on more than {REDIRECTS} times",
            question.what,
            self.host()
        ))
        .into())
    }

    /// Lets pass what is encrypted, and from this machine to this machine what is not.
    pub(super) fn allowed(&self, url: Url) -> Result<Url, Error> {
        let to_self = self.near && url.host_str().is_some_and(is_loopback);
        match url.scheme() {
            "https" => Ok(url),
            "http" if to_self => Ok(url),
            _ => Err(Error::Stream(format!(
                "{}: it sends us to an address that is not encrypted, on the host {}",
                self.host(),
                plimsoll_model::printable(url.host_str().unwrap_or_default())
            ))),
        }
    }
}

pub(super) async fn send(request: RequestBuilder, url: &Url) -> Result<Response, Fault> {
    let sent = request.send().await;
    sent.map_err(|error| fault::transport(&error, url.host_str().unwrap_or_default()))
}

/// Where a response sends us.
fn target(response: &Response) -> Option<Result<Url, Error>> {
    let location = response.headers().get(LOCATION)?;
    let text = location.to_str().ok();
    let url = text.and_then(|text| response.url().join(text).ok());
    Some(url.ok_or_else(|| Error::Stream("the registry sends us to what is no address".into())))
}

fn same_place(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

/// What a thread that panicked left behind is still whole: each lock is held for one statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
