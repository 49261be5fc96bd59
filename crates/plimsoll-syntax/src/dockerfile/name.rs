//! The names that people give to Dockerfiles.

/// Whether a file of this name is a Dockerfile: `Dockerfile`, `Dockerfile.dev`,
/// `api.Dockerfile`, `Containerfile`, in any case. Sources, templates and documents that only
/// speak of one (`dockerfile_test.go`, `Dockerfile.j2`, `Dockerfile.md`) are none.
#[must_use]
pub fn is_dockerfile_name(name: &str) -> bool {
    const OTHERS: [&str; 35] = [
        ".dockerignore",
        ".md",
        ".rst",
        ".txt",
        ".html",
        ".yml",
        ".yaml",
        ".json",
        ".toml",
        ".xml",
        ".sh",
        ".bash",
        ".ps1",
        ".go",
        ".py",
        ".js",
        ".ts",
        ".rs",
        ".rb",
        ".java",
        ".kt",
        ".c",
        ".h",
        ".j2",
        ".jinja",
        ".jinja2",
        ".tmpl",
        ".template",
        ".tpl",
        ".erb",
        ".in",
        ".lock",
        ".golden",
        ".snap",
        ".patch",
    ];
    let lower = name.to_ascii_lowercase();
    let named = |stem: &str| {
        lower == stem
            || lower.strip_suffix(stem).is_some_and(|rest| rest.ends_with(['.', '-', '_']))
            || lower.strip_prefix(stem).is_some_and(|rest| rest.starts_with(['.', '-', '_']))
    };
    ["dockerfile", "containerfile"].into_iter().any(named)
        && !OTHERS.iter().any(|o| lower.ends_with(o))
}

#[cfg(test)]
mod tests {
    use super::is_dockerfile_name;

    #[test]
    fn names_of_dockerfiles_are_told_from_files_about_them() {
        for name in [
            "Dockerfile",
            "dockerfile",
            "Dockerfile.dev",
            "api.Dockerfile",
            "Dockerfile-worker",
            "Containerfile",
        ] {
            assert!(is_dockerfile_name(name), "{name}");
        }
        for name in [
            "Dockerfile.md",
            "dockerfile_test.go",
            "Dockerfile.j2",
            "Dockerfile.dockerignore",
            "mydockerfile",
            "docker-compose.yml",
        ] {
            assert!(!is_dockerfile_name(name), "{name}");
        }
    }
}
