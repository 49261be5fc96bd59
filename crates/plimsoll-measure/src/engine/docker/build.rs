//! A build through the client's session.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use bollard::query_parameters::TagImageOptions;
use plimsoll_model::{BuildReport, BuiltImage};

use super::super::scratch::{Half, Scratch};
use super::super::{
    BuildEvent, BuildRequest, Cancel, Engine as _, EngineError, outcome, watch::watch,
};
use super::client::Client;
use super::{ASK, Docker, layers};

pub(super) fn build(
    docker: &Docker,
    client: &Client,
    request: &BuildRequest<'_>,
    tell: &mut dyn FnMut(BuildEvent<'_>),
    cancel: &Cancel,
) -> Result<BuildReport, EngineError> {
    let scratch = Scratch::new()?;
    let id_file = scratch.path("id");
    let archive = request.output.map(Half::create).transpose()?;
    let mut name = Name::of(docker, request.tag);
    let watched = watch(&mut command(docker, client, request, &id_file), request, tell, cancel)?;
    let answers = || docker.api.answers();
    let mut report = outcome::report(watched, request, docker.about(), &answers)?;
    if report.built {
        report.image = Some(image(docker, request, &id_file, archive, tell, cancel)?);
        let id = report.image.as_ref().and_then(|image| image.id.clone());
        if let Some(id) = id {
            layers::add(docker, &id, &mut report);
        }
        name.keep = true;
    }
    Ok(report)
}

fn command(docker: &Docker, client: &Client, request: &BuildRequest<'_>, id: &Path) -> Command {
    let mut command = Command::new(&client.program);
    if docker.endpoint.untold {
        command.env("DOCKER_HOST", &docker.endpoint.host).env_remove("DOCKER_CONTEXT");
    }
    match client.buildx {
        true => command.args(["buildx", "build", "--load"]),
        false => command.env("DOCKER_BUILDKIT", "1").arg("build"),
    };
    let progress = if client.raw { "--progress=rawjson" } else { "--progress=plain" };
    command.arg(progress).arg("--iidfile").arg(id).arg("--file").arg(request.dockerfile);
    if request.no_cache {
        command.arg("--no-cache");
    }
    if let Some(tag) = request.tag {
        command.args(["--tag", tag]);
    }
    if let Some(target) = request.target {
        command.args(["--target", target]);
    }
    for (name, value) in request.args {
        command.arg("--build-arg").arg(format!("{name}={value}"));
    }
    for (name, folder) in request.named {
        let mut pair = std::ffi::OsString::from(format!("{name}="));
        pair.push(folder);
        command.arg("--build-context").arg(pair);
    }
    command.arg("--").arg(request.context);
    command
}

/// What was made, and the archive of it where one is wanted.
fn image(
    docker: &Docker,
    request: &BuildRequest<'_>,
    id_file: &Path,
    archive: Option<(Half, File)>,
    tell: &mut dyn FnMut(BuildEvent<'_>),
    cancel: &Cancel,
) -> Result<BuiltImage, EngineError> {
    let id = std::fs::read_to_string(id_file).map(|id| id.trim().to_owned()).unwrap_or_default();
    let known = [Some(id.as_str()), request.tag].into_iter().flatten();
    let known = known.filter(|name| !name.is_empty()).find_map(|name| docker.image(name).ok());
    let name = request.tag.or_else(|| known.as_ref().map(|image| image.id.as_str()));
    let archive_bytes = match (archive, name) {
        (Some(archive), Some(name)) => Some(write(docker, name, archive, tell, cancel)?),
        _ => None,
    };
    Ok(BuiltImage {
        id: known.as_ref().map(|image| image.id.clone()).or(Some(id).filter(|id| !id.is_empty())),
        bytes: known.map(|image| image.bytes),
        tag: request.tag.map(str::to_owned),
        archive: request.output.map(|path| path.display().to_string()),
        archive_bytes,
    })
}

/// Writes the archive of an image; by a name, so that the archive holds it.
fn write(
    docker: &Docker,
    name: &str,
    (half, mut file): (Half, File),
    tell: &mut dyn FnMut(BuildEvent<'_>),
    cancel: &Cancel,
) -> Result<u64, EngineError> {
    let failed =
        |error| EngineError::local(format!("failed to write the archive of {name}"), &error);
    let mut stream = docker.save(name)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        tell(BuildEvent::Tick);
        if cancel.is_cancelled() {
            return Err(EngineError::cancelled());
        }
        match stream.read(&mut buffer).map_err(failed)? {
            0 => return half.keep(),
            count => file.write_all(&buffer[..count]).map_err(failed)?,
        }
    }
}

/// The name that a build gives: where it fails half way, it names again what it named before.
struct Name<'d> {
    docker: &'d Docker,
    tag: Option<&'d str>,
    before: Option<String>,
    keep: bool,
}

impl<'d> Name<'d> {
    fn of(docker: &'d Docker, tag: Option<&'d str>) -> Self {
        Self { docker, tag, before: tag.and_then(|tag| docker.id_of(tag)), keep: false }
    }
}

impl Drop for Name<'_> {
    fn drop(&mut self) {
        let Some(tag) = self.tag.filter(|_| !self.keep) else { return };
        let now = self.docker.id_of(tag);
        if now.is_none() || now == self.before {
            return;
        }
        // Where the engine is gone, so is whoever could be told.
        let _ = self.docker.remove(tag);
        if let Some(before) = &self.before {
            let (repo, tag) = match tag.rsplit_once(':') {
                Some((repo, tag)) if !tag.contains('/') => (repo, Some(tag.to_owned())),
                _ => (tag, None),
            };
            let options = TagImageOptions { repo: Some(repo.to_owned()), tag };
            let api = &self.docker.api;
            let _ = api.ask(ASK, api.docker.tag_image(before, Some(options)));
        }
    }
}
