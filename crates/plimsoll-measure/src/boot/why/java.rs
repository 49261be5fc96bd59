//! Classes that a Java service loads, and how many of them do not come from the shared archive.

/// What the virtual machine is told, besides what the image tells it.
pub(super) const OPTION: &str = "-Xlog:class+load:stderr";

/// How many classes were loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Classes {
    pub(super) all: u32,
    /// Those that were read from class files and checked, and not mapped from the archive.
    pub(super) not_shared: u32,
}

/// Counts the lines of `-Xlog:class+load`; what is none of them is passed over.
pub(super) fn parse(text: &str) -> Classes {
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
pub(super) fn version(text: &str) -> Option<String> {
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
