//! Classes that a Java service loads, and how many of them do not come from the shared archive.

use plimsoll_model::BootWhy;

use super::Loaded;
use super::rounds::Rounds;
use super::runs::Tracing;
use super::runtime::Runtime;
use crate::boot::Subject;

/// What makes the virtual machine say when it has loaded a class.
pub(super) fn tracing(subject: &Subject<'_>, runtime: &Runtime) -> Tracing {
    let option = runtime.with(subject, "JAVA_TOOL_OPTIONS", "-Xlog:class+load:stderr");
    Tracing { env: vec![option], files: Vec::new() }
}

/// Counts the classes; when they are loaded is not looked at.
pub(super) fn look(rounds: &Rounds, why: &mut BootWhy) -> Loaded {
    match &rounds.traced {
        Some(traced) => {
            let classes = parse(&traced.ready);
            why.modules = Some(classes.all);
            why.without_bytecode = Some(classes.not_shared);
            why.caveats.push(format!(
                "of {} classes {} do not come from the shared archive; loading them is in the setup",
                classes.all, classes.not_shared
            ));
        }
        None => {
            let failed = "with -Xlog:class+load it did not become ready: classes are not known";
            why.caveats.push(failed.to_owned());
        }
    }
    Loaded { version: version(&rounds.said), ..Loaded::default() }
}

/// How many classes were loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Classes {
    all: u32,
    /// Those that were read from class files and checked, and not mapped from the archive.
    not_shared: u32,
}

/// Counts the lines of `-Xlog:class+load`; what is none of them is passed over.
fn parse(text: &str) -> Classes {
    let mut classes = Classes::default();
    for line in text.lines() {
        let Some((_, loaded)) = line.split_once("[class,load] ") else { continue };
        let Some((_, source)) = loaded.split_once(" source: ") else { continue };
        classes.all = classes.all.saturating_add(1);
        let shared = source.starts_with("shared objects file");
        classes.not_shared = classes.not_shared.saturating_add(u32::from(!shared));
    }
    classes
}

/// The version that `java -version` says: `17`.
fn version(text: &str) -> Option<String> {
    let (_, quoted) = text.split_once("version \"")?;
    let (version, _) = quoted.split_once('"')?;
    let version = version.strip_prefix("1.").unwrap_or(version);
    let major: String = version.chars().take_while(char::is_ascii_digit).take(4).collect();
    Some(major).filter(|major| !major.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_counted() {
        let captured = include_str!("captures/java-17.txt");
        assert_eq!(parse(captured), Classes { all: 363, not_shared: 1 });
        assert_eq!(version(captured).as_deref(), Some("17"));
        assert_eq!(
            parse("[class,load] \n[class,load] a source: "),
            Classes { all: 1, not_shared: 1 }
        );
        assert_eq!(version("openjdk version \"1.8.0_392\"").as_deref(), Some("8"));
        assert_eq!((version("version \"x\""), version("version \"")), (None, None));
    }
}
