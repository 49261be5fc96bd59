//! Names of compose files.

/// Whether a file name is one of a compose file: `compose.yaml`, `docker-compose.prod.yml`.
#[must_use]
pub fn is_compose_name(name: &str) -> bool {
    let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"));
    stem.is_some_and(|s| {
        ["compose", "docker-compose"]
            .iter()
            .any(|c| s == *c || s.strip_prefix(c).is_some_and(|r| r.starts_with(['.', '-', '_'])))
    })
}
