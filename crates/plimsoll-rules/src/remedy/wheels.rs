//! Wheels of the local packages, built in a stage of their own: what ships is installed from
//! files, without an index, and no source, build backend or compiler comes along.

use super::Case;
use super::change::Changes;
use super::dockerfile::{Copied, above, copies, offset, text_of};
use super::install::Kitchen;
use super::needs::{Need, Needs};
use crate::layout::image_path;
use crate::layout::installs::{Install, Root};
use crate::packages::Ecosystem;
use crate::views::Manager;

/// The folder of the wheels, in their stage and where they are installed.
const WHEELS: &str = "/wheels";

/// The name of the stage, where wheels can take the place of the packages.
///
/// # Errors
/// A sentence that says why they cannot.
pub(super) fn stage(case: &Case<'_, '_>) -> Result<String, String> {
    let [needs] = case.needs else {
        return Err("several installs need the packages".to_owned());
    };
    if needs.ecosystem != Ecosystem::Python {
        return Err("wheels are for Python".to_owned());
    }
    let install = &case.uses.installs[needs.install];
    let list = install.roots.iter().any(|r| matches!(r, Root::Requirements(_)));
    let single = install.command.script.commands.len() == 1 && !install.command.exec;
    let plain = install.manager == Manager::Pip && install.call.program.starts_with("pip");
    if !(list && single && plain) {
        return Err("the packages are not installed by `pip install -r`".to_owned());
    }
    if needs.missing.is_empty() {
        return Err("no package has to be brought into the image".to_owned());
    }
    let name = ["wheels", "local-wheels"].into_iter().find(|n| case.file.target(Some(n)).is_none());
    name.map(str::to_owned).ok_or_else(|| "stages are called wheels and local-wheels".to_owned())
}

impl Kitchen<'_, '_> {
    /// Inserts the stage that builds the wheels of an install.
    pub(super) fn wheel_stage(
        &self,
        install: &Install<'_>,
        needs: &Needs,
        name: &str,
        changes: &mut Changes,
    ) {
        let file = self.layout.file;
        let stage = file.lineage(install.moment.stage).into_iter().min_by_key(|s| s.index);
        let Some(base) = stage else { return };
        let text = file.text(self.layout.sources);
        let from: Vec<&str> = text_of(text, &base.at)
            .split_whitespace()
            .take_while(|w| !w.eq_ignore_ascii_case("as"))
            .collect();
        // Where a package lies does not matter to its wheel; only that each has its place.
        let all: Vec<Need> = needs
            .missing
            .iter()
            .chain(&needs.present)
            .map(|n| Need { wanted: image_path::join("/src", &n.folder), ..n.clone() })
            .collect();
        let packages = self.review.repo.packages.all();
        let packages: Vec<&str> = packages
            .filter(|m| m.ecosystem == Ecosystem::Python)
            .map(|m| crate::discover::paths::folder(&m.path))
            .collect();
        let all: Vec<&Need> =
            all.iter().filter(|n| packages.contains(&n.folder.as_str())).collect();
        let copied = copies(self.review, &all, Ecosystem::Python, self.context);
        let lines: String = copied.iter().map(|c: &Copied| c.line(None)).collect();
        let folders: String =
            all.iter().map(|n| format!(" \\\n    {}", n.wanted)).collect::<Vec<_>>().concat();
        let text_of_stage = format!(
            "{} AS {name}\n{lines}RUN pip wheel --no-cache-dir --no-deps --wheel-dir {WHEELS}{folders}\n\n",
            from.join(" ")
        );
        let at = offset(above(text, &base.at));
        changes.insert(&file.path, at, text_of_stage);
    }

    /// The RUN that installs the wheels in place of the lines of a list that name packages.
    pub(super) fn install_wheels(&self, run: &str, word: &str, name: &str) -> String {
        let body = run.strip_prefix("RUN").unwrap_or(run).trim_start();
        let forms = [
            format!("--requirement={word}"),
            format!("--requirement {word}"),
            format!("-r {word}"),
            format!("-r{word}"),
        ];
        let wheels = format!("--no-deps --no-index {WHEELS}/*.whl");
        let form = forms.iter().find(|f| body.contains(f.as_str()));
        let body = form.map_or_else(|| body.to_owned(), |f| body.replacen(f.as_str(), &wheels, 1));
        let body = body.replace(" --require-hashes", "");
        if self.buildkit {
            format!(
                "RUN --mount=type=bind,from={name},source={WHEELS},target={WHEELS} \\\n    {body}"
            )
        } else {
            format!("COPY --from={name} {WHEELS} {WHEELS}\nRUN {body}")
        }
    }
}
