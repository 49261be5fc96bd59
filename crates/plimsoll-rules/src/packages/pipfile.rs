//! `Pipfile` of Pipenv.

use super::pyproject::sources;
use super::toml::{parse, table};
use super::{Group, Manifest, Syntax};

pub(super) fn read(manifest: &mut Manifest, source: &str) {
    let Some(document) = parse(manifest, source) else { return };
    let root = document.as_item();
    sources(manifest, table(root, &["packages"]), Syntax::Pipfile, &|_| Group::Main);
    let dev = |_: &str| Group::Dev("dev".into());
    sources(manifest, table(root, &["dev-packages"]), Syntax::Pipfile, &dev);
}
