//! From a reference to the manifest of one image.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use sha2::{Digest as _, Sha256};

use super::Resolved;
use super::fault::{self, Body, Fault};
use super::line::Line;
use super::manifest::{self, Document, Entry};
use super::session::{Question, Session};
use crate::{Digest, Error, Platform};

/// The largest manifest that is read; registries refuse larger ones, too.
const LIMIT: u64 = 4 << 20;

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

pub(super) fn resolve(session: &Session, platform: Option<&Platform>) -> Result<Resolved, Error> {
    let line = session.line()?;
    let name = session.reference.to_string();
    let selector = session.reference.selector();
    let fetched = fetch(session, &line, &selector, session.reference.digest)?;
    let resolved = match manifest::read(&fetched.bytes, &fetched.content_type)? {
        Document::Image { config, layers } => fetched.resolved(config, layers, None),
        Document::Index(entries) => {
            let entry = manifest::choose(&entries, platform, &Platform::native(), &name)?;
            of_index(session, &line, entry)?
        }
    };
    session.keep(line);
    Ok(resolved)
}

/// The image that an index names. An index in an index is allowed and written by nobody.
fn of_index(session: &Session, line: &Line, entry: Entry) -> Result<Resolved, Error> {
    let Entry { manifest: wanted, platform } = entry;
    let fetched = fetch(session, line, &wanted.digest.to_string(), Some(wanted.digest))?;
    if fetched.bytes.len() as u64 != wanted.size {
        let got = fetched.bytes.len();
        let what = format!("its index says {} bytes of a manifest that has {got}", wanted.size);
        return Err(Error::Format(what));
    }
    match manifest::read(&fetched.bytes, &fetched.content_type)? {
        Document::Image { config, layers } => Ok(fetched.resolved(config, layers, platform)),
        Document::Index(_) => Err(Error::Format("its index names another index".into())),
    }
}

struct Fetched {
    bytes: Vec<u8>,
    digest: Digest,
    content_type: String,
}

impl Fetched {
    fn resolved(
        self,
        config: crate::Descriptor,
        layers: Vec<crate::Descriptor>,
        platform: Option<Platform>,
    ) -> Resolved {
        Resolved { digest: self.digest, manifest: self.bytes, config, layers, platform }
    }
}

/// Gets a manifest that hashes to what we ask for, and to what the registry says it sends.
fn fetch(
    session: &Session,
    line: &Line,
    selector: &str,
    wanted: Option<Digest>,
) -> Result<Fetched, Error> {
    let (headers, bytes) = get(session, line, selector)?;
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = header(CONTENT_TYPE).unwrap_or_default().to_owned();
    let digest = Digest(Sha256::digest(&bytes).into());
    // That of schema 1 is the digest of something else; it is refused for what it is.
    if content_type.contains("docker.distribution.manifest.v1") {
        manifest::read(&bytes, &content_type)?;
    }
    let said = headers.contains_key(CONTENT_DIGEST).then(|| {
        let parsed = header(CONTENT_DIGEST).and_then(Digest::parse);
        parsed.ok_or_else(|| Error::Format("the registry names a digest that is none".into()))
    });
    let known = [wanted, said.transpose()?];
    match known.into_iter().flatten().find(|wanted| *wanted != digest) {
        Some(wanted) => Err(Error::Digest { wanted, got: digest }),
        None => Ok(Fetched { bytes, digest, content_type }),
    }
}

fn get(session: &Session, line: &Line, selector: &str) -> Result<(HeaderMap, Vec<u8>), Error> {
    let name = session.reference.to_string();
    let path = format!("manifests/{selector}");
    let question = Question { path: &path, accept: manifest::ACCEPT, from: 0, what: &name };
    let exchange = async {
        let response = session.ask(&line.client, &question).await?;
        let headers = response.headers().clone();
        match fault::bounded(response, LIMIT).await {
            Ok(body) => Ok((headers, body)),
            Err(Body::Broken(error)) => Err(fault::transport(&error, session.host())),
            Err(Body::TooLarge) => Err(Fault::from(Error::TooLarge(format!(
                "manifests ({name}: one has more than 4 MiB)"
            )))),
        }
    };
    line.run(exchange)?.map_err(|fault| fault.error)
}
