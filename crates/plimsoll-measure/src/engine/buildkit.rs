//! BuildKit's own daemon, through its client `buildctl`: it builds, and keeps no images.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use plimsoll_model::{BuildReport, BuiltImage, EngineInfo, EngineKind};
use serde_json::Value;

use super::scratch::{Half, Scratch};
use super::watch::watch;
use super::{
    BuildEvent, BuildRequest, Cancel, Capabilities, ContainerSpec, Engine, EngineError, ErrorKind,
    Image, Ready, outcome, process,
};

const ASK: Duration = Duration::from_secs(30);

/// A daemon of BuildKit that answers.
pub(super) struct BuildKit {
    program: PathBuf,
    endpoint: String,
    found: String,
    version: String,
    client: String,
    /// Whether the client gives its progress as JSON.
    raw: bool,
}

impl BuildKit {
    /// The daemon at an address, at `BUILDKIT_HOST`, or where it is by default.
    pub(super) fn open(host: Option<&str>) -> Result<Self, EngineError> {
        let (endpoint, found) = endpoint(host)?;
        let program = program()?;
        let ask = |args: &[&str]| {
            let mut command = Command::new(&program);
            process::run(command.args(["--addr", &endpoint]).args(args), ASK).map_err(|error| {
                EngineError::local(format!("failed to run {}", program.display()), &error)
            })
        };
        let info = ask(&["debug", "info"])?;
        // Older clients have no such command, and answer to this one.
        let answered = info.code == Some(0) || ask(&["debug", "workers"])?.code == Some(0);
        if !answered {
            let said = info.err.lines().map(str::trim).find(|line| !line.is_empty());
            let said = said.unwrap_or("it does not say why");
            let what = format!("no BuildKit answers at {endpoint} ({found}): {said}");
            return Err(EngineError::new(ErrorKind::Unreachable, what).hint(
                "start buildkitd, or set BUILDKIT_HOST; `buildctl debug workers` must answer",
            ));
        }
        let words = |text: &str, at: usize| text.split_whitespace().nth(at).map(str::to_owned);
        let client = ask(&["--version"])?.out;
        let version = info.out.lines().find(|line| line.starts_with("BuildKit:"));
        let version = version.and_then(|line| words(line, 2));
        let raw = ask(&["build", "--help"])?.out.contains("rawjson");
        Ok(Self {
            endpoint,
            found,
            version: version.unwrap_or_else(|| "unknown".to_owned()),
            client: format!("buildctl {}", words(&client, 2).unwrap_or_default()),
            raw,
            program,
        })
    }

    fn command(&self, request: &BuildRequest<'_>, output: Option<&Path>, meta: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["--addr", &self.endpoint, "build", "--frontend", "dockerfile.v0"]);
        command.arg(if self.raw { "--progress=rawjson" } else { "--progress=plain" });
        command.arg("--metadata-file").arg(meta);
        let folder = request.dockerfile.parent().unwrap_or(Path::new("."));
        let name = request.dockerfile.file_name().unwrap_or_default();
        command.arg("--local").arg(pair("context=", request.context));
        command.arg("--local").arg(pair("dockerfile=", folder));
        command.arg("--opt").arg(pair("filename=", Path::new(name)));
        if request.no_cache {
            command.arg("--no-cache");
        }
        if let Some(target) = request.target {
            command.arg("--opt").arg(format!("target={target}"));
        }
        for (name, value) in request.args {
            command.arg("--opt").arg(format!("build-arg:{name}={value}"));
        }
        for (number, (name, folder)) in request.named.iter().enumerate() {
            command.arg("--local").arg(pair(&format!("named{number}="), folder));
            command.arg("--opt").arg(format!("context:{name}=local:named{number}"));
        }
        if let Some(output) = output {
            let name = request.tag.map_or_else(String::new, |tag| format!(",name={tag}"));
            command.arg("--output").arg(pair(&format!("type=oci{name},dest="), output));
        }
        command
    }

    fn answers(&self) -> bool {
        let mut command = Command::new(&self.program);
        command.args(["--addr", &self.endpoint, "debug", "workers"]);
        process::run(&mut command, ASK).is_ok_and(|ended| ended.code == Some(0))
    }

    fn unable<T>(&self, what: &str) -> Result<T, EngineError> {
        let what = format!("BuildKit at {} {what}", self.endpoint);
        Err(EngineError::new(ErrorKind::Unable, what).hint("a Docker Engine does: --engine docker"))
    }
}

fn pair(key: &str, path: &Path) -> OsString {
    let mut pair = OsString::from(key);
    pair.push(path);
    pair
}

/// The client on the path; a relative folder would be looked for in the repository.
fn program() -> Result<PathBuf, EngineError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    all.find_map(|folder| Some(folder.join("buildctl")).filter(|p| p.is_file())).ok_or_else(|| {
        EngineError::new(ErrorKind::Unreachable, "there is no `buildctl` on the path")
            .hint("install BuildKit's client, or build with a Docker Engine")
    })
}

fn endpoint(host: Option<&str>) -> Result<(String, String), EngineError> {
    if let Some(host) = host {
        return Ok((host.to_owned(), "asked for".to_owned()));
    }
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(host) = set("BUILDKIT_HOST") {
        return Ok((host, "BUILDKIT_HOST".to_owned()));
    }
    let rootless = set("XDG_RUNTIME_DIR").map(|folder| format!("{folder}/buildkit/buildkitd.sock"));
    let all = [("the default", Some("/run/buildkit/buildkitd.sock".to_owned()))];
    let all = all.into_iter().chain([("the rootless default", rootless)]);
    let mut there =
        all.filter_map(|(found, path)| Some((found, path.filter(|p| Path::new(p).exists())?)));
    there.next().map(|(found, path)| (format!("unix://{path}"), found.to_owned())).ok_or_else(
        || {
            let what = "BuildKit has no socket where it is by default";
            EngineError::new(ErrorKind::Unreachable, what)
                .hint("start buildkitd, or set BUILDKIT_HOST")
        },
    )
}

impl Engine for BuildKit {
    fn about(&self) -> EngineInfo {
        EngineInfo {
            kind: EngineKind::Buildkit,
            name: "BuildKit".to_owned(),
            version: self.version.clone(),
            endpoint: self.endpoint.clone(),
            found: self.found.clone(),
            client: Some(self.client.clone()),
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            builds: true,
            named_contexts: true,
            exact_times: self.raw,
            keeps_images: false,
            runs_containers: false,
            sees_localhost: false,
        }
    }

    fn build(
        &self,
        request: &BuildRequest<'_>,
        tell: &mut dyn FnMut(BuildEvent<'_>),
        cancel: &Cancel,
    ) -> Result<BuildReport, EngineError> {
        let scratch = Scratch::new()?;
        let meta = scratch.path("meta.json");
        let half = request.output.map(Half::create).transpose()?.map(|(half, _)| half);
        let mut command = self.command(request, half.as_ref().map(Half::path), &meta);
        let watched = watch(&mut command, request, tell, cancel)?;
        let mut report = outcome::report(watched, request, self.about(), &|| self.answers())?;
        if !report.built {
            return Ok(report);
        }
        let archive_bytes = half.map(Half::keep).transpose()?;
        if archive_bytes.is_none() {
            report.caveats.push(
                "no image was kept: BuildKit's daemon has its layers in its cache, and --output \
                 writes an archive"
                    .to_owned(),
            );
        }
        report.caveats.push("BuildKit does not say how large layers are".to_owned());
        report.image = Some(BuiltImage {
            id: id(&meta),
            bytes: None,
            tag: request.tag.filter(|_| archive_bytes.is_some()).map(str::to_owned),
            archive: request.output.map(|path| path.display().to_string()),
            archive_bytes,
        });
        Ok(report)
    }

    fn image(&self, _: &str) -> Result<Image, EngineError> {
        self.unable("keeps no images")
    }

    fn save(&self, _: &str) -> Result<Box<dyn Read + Send>, EngineError> {
        self.unable("keeps no images")
    }

    fn remove(&self, _: &str) -> Result<(), EngineError> {
        self.unable("keeps no images")
    }

    fn evict(&self, _: &str) -> Result<(), EngineError> {
        self.unable("keeps no images")
    }

    fn prepare(&self, _: &ContainerSpec) -> Result<Box<dyn Ready>, EngineError> {
        self.unable("runs no containers")
    }
}

/// The digest of the image's configuration; of its manifest where that is not said.
fn id(meta: &Path) -> Option<String> {
    let meta: Value = serde_json::from_str(&std::fs::read_to_string(meta).ok()?).ok()?;
    let digest = |key: &str| meta.get(key)?.as_str().map(str::to_owned);
    digest("containerimage.config.digest").or_else(|| digest("containerimage.digest"))
}
