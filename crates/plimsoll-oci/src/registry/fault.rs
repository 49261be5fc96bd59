//! What goes wrong on the way to a registry, in words for the person who has to do something.

use std::error::Error as StdError;

use plimsoll_model::printable;
use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::reference::Reference;
use crate::Error;

/// The longest explanation of a registry that is read, and the longest that is shown.
const READ: u64 = 64 << 10;
const SHOWN: usize = 200;

/// An error, and whether to ask again may help.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) error: Error,
    pub(super) passing: bool,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self { error, passing: false }
    }
}

/// An exchange that did not come to an answer. `host` is who was asked: the address itself may
/// hold a signature and is not shown.
pub(super) fn transport(error: &reqwest::Error, host: &str) -> Fault {
    let host = printable(host);
    let (what, passing) = match () {
        () if error.is_dns() => {
            ("no address is known for this name: check its spelling and the network".into(), false)
        }
        () if tls(error).is_some() => (tls(error).unwrap_or_default(), false),
        () if is_refused(error) => {
            ("the connection is refused: nothing listens there".to_owned(), true)
        }
        () if error.is_timeout() && error.is_connect() => {
            ("no connection in time: check the network and the proxy settings".into(), true)
        }
        () if error.is_timeout() => ("no answer in time: try again".to_owned(), true),
        () => (format!("the connection broke: {}", innermost(error)), true),
    };
    Fault { error: Error::Stream(format!("{host}: {what}")), passing }
}

/// The causes of an error. What an input or output error holds is not among its sources, and
/// that is where TLS puts its own.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let first: Option<&(dyn StdError + 'static)> = Some(error);
    std::iter::successors(first, |error| {
        let io = error.downcast_ref::<std::io::Error>();
        match io.and_then(std::io::Error::get_ref) {
            Some(held) => Some(held),
            None => (*error).source(),
        }
    })
}

fn tls(error: &reqwest::Error) -> Option<String> {
    let error = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>())?;
    let shown = cut(&error.to_string());
    Some(match error {
        rustls::Error::InvalidCertificate(_) => format!(
            "its certificate is not trusted ({shown}): where a company's own authority signed it, \
             name that authority's certificates with SSL_CERT_FILE"
        ),
        _ => format!("no secure connection (TLS) comes about: {shown}"),
    })
}

fn is_refused(error: &reqwest::Error) -> bool {
    let refused = std::io::ErrorKind::ConnectionRefused;
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == refused)
}

pub(super) fn innermost(error: &reqwest::Error) -> String {
    causes(error).last().map(|cause| cut(&cause.to_string())).unwrap_or_default()
}

/// Text of others: harmless, and no more than a line.
fn cut(text: &str) -> String {
    let short: String = text.chars().take(SHOWN).collect();
    printable(&short).into_owned()
}

/// What is asked for, in the words of the person who asked.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) reference: &'a Reference,
    /// The image, or a part of it.
    pub(super) what: &'a str,
    /// The host that answered, where it is not the registry.
    pub(super) elsewhere: Option<&'a str>,
    /// Whether the registry was told who asks.
    pub(super) known: bool,
    /// What was found to log in with.
    pub(super) note: &'a str,
}

/// An answer that is a refusal or a failure.
pub(super) async fn status(response: Response, asked: Asked<'_>) -> Fault {
    let status = response.status();
    let wait = retry_after(&response);
    let said = said(response, asked.known).await;
    let Asked { reference, what, .. } = asked;
    let login = reference.login();
    let error = match status {
        _ if asked.elsewhere.is_some() && !status.is_server_error() => {
            let host = printable(asked.elsewhere.unwrap_or_default());
            Error::Stream(format!("{what}: {host}, where the registry sends us, answers {status}"))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => refused(asked, status, &said),
        StatusCode::NOT_FOUND if asked.known => Error::NotFound(format!(
            "{what} in the registry, or the account in use may not see it{said}: check the name"
        )),
        StatusCode::NOT_FOUND => Error::NotFound(format!(
            "{what} in the registry, or it is not public{said}: check the name, or log in with `{login}`"
        )),
        StatusCode::TOO_MANY_REQUESTS => {
            let later = wait.map_or_else(|| "later".into(), |wait| format!("in {wait} s"));
            Error::Refused(format!(
                "{what}: too many requests{said}: try again {later}, or with a login (`{login}`)"
            ))
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            Error::Format(format!("{what}: the registry has fewer bytes than its size ({status})"))
        }
        _ if status.is_server_error() => {
            Error::Stream(format!("{what}: the registry fails ({status}){said}: try again later"))
        }
        _ => Error::Stream(format!("{what}: the registry answers {status}{said}")),
    };
    Fault { error, passing: status.is_server_error() }
}

/// A refusal, with what to do about it.
pub(super) fn refused(asked: Asked<'_>, status: StatusCode, said: &str) -> Error {
    let Asked { reference, what, note, .. } = asked;
    let (login, host) = (reference.login(), &reference.host);
    let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
    Error::Refused(match (asked.known, status) {
        (true, StatusCode::FORBIDDEN) => format!(
            "{what}: the account in use{note} may not read it{said}: log in with another one \
             (`{login}`)"
        ),
        (true, _) => format!(
            "{what}: {host} does not accept the credentials{note}{said}: log in again with \
             `{login}`"
        ),
        (false, _) => {
            format!("{what}: it wants to know who asks{note}{said}: log in with `{login}`")
        }
    })
}

/// How many seconds a registry asks us to wait. A date is not understood.
pub(super) fn retry_after(response: &Response) -> Option<u64> {
    response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// What the registry says of an error. Where it knows who asks it might repeat the credentials,
/// so that then only the code is shown.
async fn said(response: Response, known: bool) -> String {
    let Ok(body) = bounded(response, READ).await else { return String::new() };
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    let first = value.pointer("/errors/0");
    let field = |key: &str| first.and_then(|error| error.get(key)).and_then(Value::as_str);
    let plain = |code: &&str| code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let code = field("code").filter(plain).filter(|code| code.len() <= 40);
    let message = field("message").filter(|_| !known);
    match (code, message) {
        (_, Some(message)) => format!(" (\"{}\")", cut(message)),
        (Some(code), None) => format!(" ({code})"),
        (None, None) => String::new(),
    }
}

/// Why a body is not held.
pub(super) enum Body {
    TooLarge,
    Broken(reqwest::Error),
}

/// A body of at most so many bytes.
pub(super) async fn bounded(mut response: Response, limit: u64) -> Result<Vec<u8>, Body> {
    let fits = |length: u64| if length > limit { Err(Body::TooLarge) } else { Ok(()) };
    fits(response.content_length().unwrap_or_default())?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Body::Broken)? {
        fits(body.len() as u64 + chunk.len() as u64)?;
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
