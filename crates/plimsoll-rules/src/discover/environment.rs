//! Which environment something belongs to.

/// The environment that a list of texts (file name, job, service, `environment:`) speaks of:
/// the first one that names one.
pub(super) fn guess(texts: &[&str]) -> Option<String> {
    texts.iter().find_map(|t| named(t)).map(str::to_owned)
}

fn named(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(|word| match word {
        "production" | "prod" | "prd" | "live" => Some("production"),
        "staging" | "stage" | "stg" | "preprod" => Some("staging"),
        "development" | "dev" => Some("development"),
        "preview" => Some("preview"),
        "test" | "qa" | "uat" => Some("test"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::guess;

    #[test]
    fn names_are_words_not_parts_of_words() {
        assert_eq!(guess(&["deploy-production.yml"]).as_deref(), Some("production"));
        assert_eq!(guess(&["x", "api-stg"]).as_deref(), Some("staging"));
        assert_eq!(guess(&["products/device.yml"]), None);
    }
}
