//! Tags of images: which are moved, and which are known to differ.

use crate::discover::paths::image_tag;

/// Names that people move from build to build.
const MOVED: [&str; 17] = [
    "latest",
    "staging",
    "stage",
    "production",
    "prod",
    "dev",
    "development",
    "main",
    "master",
    "develop",
    "stable",
    "edge",
    "current",
    "release",
    "test",
    "canary",
    "nightly",
];

/// The tag of a reference that is moved from build to build: `latest` where none is written.
/// `None` where it is another, a digest, or not known.
pub(crate) fn moved_tag(reference: &str) -> Option<&str> {
    if reference.contains('@') || reference.is_empty() {
        return None;
    }
    match image_tag(reference) {
        Some(tag) => MOVED.contains(&tag.to_ascii_lowercase().as_str()).then_some(tag),
        // A name that is not known to its end may hold the tag.
        None => (!reference.contains(['$', '%', '{'])).then_some("latest"),
    }
}

/// Whether a text gives an image another tag after it was built.
pub(crate) fn speaks_of_retagging(text: &str) -> bool {
    const WAYS: [&str; 6] = ["docker tag", "imagetools", "crane ", "skopeo", "add-tag", "tags add"];
    WAYS.iter().any(|way| text.contains(way))
}

/// What is known of a tag before it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// A text.
    Text(String),
    /// The commit.
    Commit,
    /// The number of the run.
    Run,
}

impl Tag {
    /// Reads the tag of a reference; `None` where it is not known.
    pub(crate) fn of(reference: &str) -> Option<Self> {
        if reference.contains('@') {
            return None;
        }
        let Some(tag) = image_tag(reference) else {
            return (!reference.contains('$')).then(|| Self::Text("latest".to_owned()));
        };
        let inner = tag.trim_start_matches(['$', '{', ' ']).trim_end_matches(['}', ' ']);
        match inner {
            "github.sha" | "GITHUB_SHA" if tag.starts_with('$') => Some(Self::Commit),
            "github.run_number" | "GITHUB_RUN_NUMBER" if tag.starts_with('$') => Some(Self::Run),
            _ if tag.contains(['$', '{', '%']) => None,
            // It may be the commit, written out.
            _ if tag.len() >= 7 && tag.bytes().all(|b| b.is_ascii_hexdigit()) => None,
            _ => Some(Self::Text(tag.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moved_tags_are_told_from_fixed_ones() {
        assert_eq!(moved_tag("r/api:latest"), Some("latest"));
        assert_eq!(moved_tag("localhost:5000/api"), Some("latest"));
        assert_eq!(moved_tag("r/api:1.2"), None);
        assert_eq!(moved_tag("r/api@sha256:ab"), None);
        assert_eq!(moved_tag("${{ needs.build.outputs.image }}"), None);
        assert_eq!(moved_tag("${{ env.REGISTRY }}/api:latest"), Some("latest"));
    }

    #[test]
    fn tags_are_known_or_not() {
        assert_eq!(Tag::of("r/api:${{ github.sha }}"), Some(Tag::Commit));
        assert_eq!(Tag::of("r/api:${GITHUB_SHA}"), Some(Tag::Commit));
        assert_eq!(Tag::of("r/api:v1"), Some(Tag::Text("v1".into())));
        assert_eq!(Tag::of("r/api:v${{ github.sha }}"), None);
        assert_eq!(Tag::of("r/api:deadbee"), None);
    }
}
