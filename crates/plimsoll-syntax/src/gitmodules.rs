//! `.gitmodules`: where the submodules of a repository lie.

/// The paths that the lines of a file name, without a slash at their end.
///
/// ```
/// let text = "[submodule \"core\"]\n\tpath = libs/core/\n\turl = ../core.git\n";
/// let paths: Vec<&str> = plimsoll_syntax::gitmodules::paths(text.lines()).collect();
/// assert_eq!(paths, ["libs/core"]);
/// ```
pub fn paths<'t>(lines: impl Iterator<Item = &'t str>) -> impl Iterator<Item = &'t str> {
    let values =
        lines.filter_map(|l| l.trim().strip_prefix("path")?.trim_start().strip_prefix('='));
    values.map(|v| v.trim().trim_end_matches('/')).filter(|p| !p.is_empty())
}
