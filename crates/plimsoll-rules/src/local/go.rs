//! What Go reads besides: a workspace and a module above the folder it runs in, copies of modules.

use super::Met;
use super::readers::root_names;
use super::walk::{At, Walk};
use crate::discover::paths::folder;
use crate::layout::{Found, image_path};
use crate::packages::Manifest;
use crate::views::Manager;

impl Walk<'_, '_> {
    /// Go looks for its module and its workspace in the folder and above.
    pub(super) fn modules(&mut self, path: &str, all: &mut Met) {
        for name in root_names(Manager::Go) {
            let mut at = path.to_owned();
            loop {
                let image = image_path::join(&at, name);
                let found = self.layout.find(self.moment(), &image);
                if let Found::Repository { path: source, .. } = found {
                    if !self.is_vendored(&at) {
                        self.manifest_at(&source, &at, all);
                    }
                    break;
                }
                if at == "/" || !matches!(found, Found::Missing | Found::Image) {
                    break;
                }
                at = image_path::folder(&at).to_owned();
            }
        }
    }

    /// Whether Go builds from a copy of every module beside its own, and looks at no other.
    fn is_vendored(&self, folder: &str) -> bool {
        let list = image_path::join(folder, "vendor/modules.txt");
        let found = self.layout.find(self.moment(), &list);
        self.install.call.subcommand(0) != Some("mod")
            && !matches!(found, Found::Missing | Found::Image)
    }

    /// Whether the image may have the workspace of a module: it names its folders itself.
    pub(super) fn has_work(&self, at: &At<'_>, root: &Manifest) -> bool {
        let up = image_path::relative(folder(&at.manifest.path), folder(&root.path));
        let work = image_path::join(&at.folder, &format!("{up}/go.work"));
        self.layout.find(self.moment(), &work) != Found::Missing
    }
}
