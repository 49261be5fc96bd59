//! The image a Dockerfile ships: the last stage and the stages it is built on.

use crate::repo::{Command, DockerfileView, Stage, Step};

/// The stages whose layers are in the image that is built without a target.
#[must_use]
pub fn shipped(file: &DockerfileView) -> Vec<&Stage> {
    file.target(None).map_or_else(Vec::new, |stage| file.lineage(stage))
}

/// The RUN instructions of the image that is built without a target.
pub fn shipped_runs(file: &DockerfileView) -> impl Iterator<Item = (&Step, &Command)> {
    shipped(file).into_iter().flat_map(|stage| stage.runs())
}

/// The name of an image without registry, folder, tag and digest: `python` of
/// `docker.io/library/python:3.12-slim`. Images of other owners keep their folder.
#[must_use]
pub fn image_name(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    let slash = image.rfind('/').map_or(0, |i| i + 1);
    let name = image[slash..].find(':').map_or(image, |i| &image[..slash + i]);
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}

/// Whether an image is known to run as root unless a Dockerfile says otherwise.
#[must_use]
pub fn runs_as_root(image: &str) -> bool {
    const ROOT: [&str; 27] = [
        "scratch",
        "alpine",
        "debian",
        "ubuntu",
        "fedora",
        "rockylinux",
        "almalinux",
        "amazonlinux",
        "archlinux",
        "busybox",
        "buildpack-deps",
        "python",
        "pypy",
        "node",
        "golang",
        "rust",
        "ruby",
        "php",
        "perl",
        "openjdk",
        "eclipse-temurin",
        "amazoncorretto",
        "maven",
        "gradle",
        "elixir",
        "erlang",
        "oven/bun",
    ];
    let name = image_name(image);
    ROOT.contains(&name) || (name.starts_with("gcr.io/distroless/") && !image.contains("nonroot"))
}
