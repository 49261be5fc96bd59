//! The bytes of a blob, checked as they pass.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use reqwest::header::CONTENT_RANGE;
use reqwest::{Response, StatusCode};
use sha2::{Digest as _, Sha256};

use super::fault::{self, Fault};
use super::line::Line;
use super::session::{Question, Session};
use crate::{Descriptor, Digest, Error};

/// How often one blob is taken up again.
const RESUMPTIONS: u32 = 5;

/// A blob on its way.
///
/// The last bytes are held back until the digest is known, so that who reads as much as the
/// descriptor promises, and not to the end, has read checked bytes, too.
pub(super) struct Blob {
    wanted: Descriptor,
    name: String,
    chunk: Bytes,
    hash: Sha256,
    position: u64,
    resumptions: u32,
    state: State,
    // Before the line, whose runtime it needs when it is dropped.
    response: Option<Response>,
    line: Option<Line>,
    session: Arc<Session>,
}

enum State {
    Reading,
    /// All bytes are there and are the right ones; more would be wrong.
    Checked,
    Done,
    /// Said again to who reads on: an end would look like success.
    Failed(Error),
}

impl Blob {
    pub(super) fn open(session: Arc<Session>, wanted: &Descriptor) -> Result<Self, Error> {
        let name = format!("{} of {}", wanted.digest, session.reference);
        let mut blob = Self {
            wanted: wanted.clone(),
            name,
            chunk: Bytes::new(),
            hash: Sha256::new(),
            position: 0,
            resumptions: 0,
            state: State::Reading,
            response: None,
            line: Some(session.line()?),
            session,
        };
        blob.connect()?;
        Ok(blob)
    }

    /// Asks for what is missing, again after a pause where that may help.
    fn connect(&mut self) -> Result<(), Error> {
        loop {
            match self.request()? {
                Ok(response) => {
                    self.accept(&response)?;
                    self.response = Some(response);
                    return Ok(());
                }
                Err(fault) if fault.passing => self.pause(fault.error)?,
                Err(fault) => return Err(fault.error),
            }
        }
    }

    fn request(&self) -> Result<Result<Response, Fault>, Error> {
        let Some(line) = &self.line else { return Err(self.broken("it is closed")) };
        let path = format!("blobs/{}", self.wanted.digest);
        let question =
            Question { path: &path, accept: "*/*", from: self.position, what: &self.name };
        line.run(self.session.ask(&line.client, &question))
    }

    /// Whether an answer is what was asked for.
    fn accept(&self, response: &Response) -> Result<(), Error> {
        let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
        let start = range.and_then(|range| range.trim().strip_prefix("bytes "));
        let start = start.and_then(|range| range.split('-').next()?.parse::<u64>().ok());
        match response.status() {
            StatusCode::OK if self.position > 0 => Err(self.broken(
                "the connection broke and the registry cannot continue (it ignores Range): try again",
            )),
            StatusCode::PARTIAL_CONTENT if start != Some(self.position) => {
                Err(self.broken("the registry sends another range than it was asked for"))
            }
            _ => self.fits(response.content_length()),
        }
    }

    fn fits(&self, length: Option<u64>) -> Result<(), Error> {
        let size = self.wanted.size;
        match length.map(|length| length.saturating_add(self.position)) {
            Some(length) if length > size => Err(self.too_long()),
            Some(length) if length < size => Err(Error::Format(format!(
                "{}: the registry has {length} of its {size} bytes",
                self.name
            ))),
            _ => Ok(()),
        }
    }

    /// Gets more bytes; false at the end.
    fn advance(&mut self) -> Result<bool, Error> {
        if matches!(self.state, State::Done) {
            return Ok(false);
        }
        let (Some(line), Some(response)) = (&self.line, &mut self.response) else {
            return self.connect().map(|()| true);
        };
        match line.run(response.chunk())? {
            Ok(Some(chunk)) => self.take(chunk).map(|()| true),
            ended if self.position == self.wanted.size => self.finish(ended.is_ok()),
            Ok(None) => self.interrupted("it ended too early"),
            Err(error) if error.is_timeout() => self.interrupted("nothing came any more"),
            Err(error) => self.interrupted(&fault::innermost(&error)),
        }
    }

    fn take(&mut self, chunk: Bytes) -> Result<(), Error> {
        let after = self.position + chunk.len() as u64;
        if after > self.wanted.size {
            return Err(self.too_long());
        }
        self.hash.update(&chunk);
        self.position = after;
        self.chunk = chunk;
        if after == self.wanted.size { self.check() } else { Ok(()) }
    }

    fn check(&mut self) -> Result<(), Error> {
        let got = Digest(std::mem::take(&mut self.hash).finalize().into());
        let wanted = self.wanted.digest;
        self.state = State::Checked;
        if got == wanted { Ok(()) } else { Err(Error::Digest { wanted, got }) }
    }

    fn finish(&mut self, cleanly: bool) -> Result<bool, Error> {
        // An empty blob has no last chunk that would have been checked.
        if matches!(self.state, State::Reading) {
            self.check()?;
        }
        self.state = State::Done;
        self.response = None;
        if let Some(line) = self.line.take().filter(|_| cleanly) {
            self.session.keep(line);
        }
        Ok(false)
    }

    fn interrupted(&mut self, why: &str) -> Result<bool, Error> {
        self.response = None;
        let error = self.broken(&format!("the connection broke: {why}"));
        self.pause(error).map(|()| true)
    }

    /// Waits before the next attempt, longer each time; the last error stays.
    fn pause(&mut self, error: Error) -> Result<(), Error> {
        if self.resumptions == RESUMPTIONS {
            return Err(error);
        }
        std::thread::sleep(self.session.settings.pause * 2_u32.pow(self.resumptions));
        self.resumptions += 1;
        Ok(())
    }

    fn broken(&self, why: &str) -> Error {
        let Self { name, position, resumptions, .. } = self;
        let size = self.wanted.size;
        let again = match resumptions {
            0 => String::new(),
            1 => ", one resumption".into(),
            more => format!(", {more} resumptions"),
        };
        Error::Stream(format!("{name}: {why} ({position} of {size} bytes came{again})"))
    }

    fn too_long(&self) -> Error {
        let size = self.wanted.size;
        Error::Format(format!("{}: the registry sends more than its {size} bytes", self.name))
    }
}

impl Read for Blob {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let State::Failed(error) = &self.state {
            return Err(io::Error::other(error.clone()));
        }
        while self.chunk.is_empty() && !out.is_empty() {
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(error) => return Err(self.fail(error)),
            }
        }
        let length = out.len().min(self.chunk.len());
        self.chunk.copy_to_slice(&mut out[..length]);
        Ok(length)
    }
}

impl Blob {
    fn fail(&mut self, error: Error) -> io::Error {
        self.chunk = Bytes::new();
        self.response = None;
        self.line = None;
        self.state = State::Failed(error.clone());
        io::Error::other(error)
    }
}
