//! What a container said last.

use crate::engine::{Container, EngineError};

/// How much of what it printed is looked at.
const TAIL: usize = 16 << 10;
/// How much of a line is told.
const MOST: usize = 200;

/// Its last line, after a colon; nothing where it said nothing.
pub(crate) fn line(container: &dyn Container) -> Result<String, EngineError> {
    let logs = container.logs(TAIL)?;
    let said = of(&logs.err).or_else(|| of(&logs.out));
    Ok(said.map_or(String::new(), |said| format!(": {said}")))
}

fn of(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    let short: String = line.chars().take(MOST).collect();
    Some(if short.len() < line.len() { format!("{short}…") } else { short })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_last_that_says_something() {
        assert_eq!(of("a\n  b \n\n").as_deref(), Some("b"));
        assert_eq!(of("\n \n"), None);
        assert_eq!(of(&"é".repeat(300)), Some(format!("{}…", "é".repeat(200))));
    }
}
