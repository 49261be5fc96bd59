//! Digests: what two keys are compared by.

use sha2::{Digest as _, Sha256};

/// The first half of a SHA-256, over fields that each carry their length.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 16]);

impl Digest {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().take(6).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Builds a digest field by field.
pub(crate) struct Fields(Sha256);

impl Fields {
    /// Begins a digest of a kind: digests of different kinds never meet.
    pub(crate) fn of(kind: &str) -> Self {
        let mut fields = Self(Sha256::new());
        fields.add(kind.as_bytes());
        fields
    }

    /// Adds a field.
    pub(crate) fn add(&mut self, field: &[u8]) {
        self.0.update((field.len() as u64).to_le_bytes());
        self.0.update(field);
    }

    pub(crate) fn finish(self) -> Digest {
        let whole: [u8; 32] = self.0.finalize().into();
        let mut half = [0; 16];
        half.copy_from_slice(&whole[..16]);
        Digest(half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(kind: &str, fields: &[&str]) -> Digest {
        let mut all = Fields::of(kind);
        fields.iter().for_each(|field| all.add(field.as_bytes()));
        all.finish()
    }

    #[test]
    fn fields_do_not_run_together() {
        assert_eq!(digest("a", &["b", "c"]), digest("a", &["b", "c"]));
        assert_ne!(digest("a", &["b", "c"]), digest("a", &["bc"]));
        assert_ne!(digest("a", &["b", ""]), digest("a", &["b"]));
        assert_ne!(digest("a", &["b"]), digest("b", &["b"]));
    }
}
