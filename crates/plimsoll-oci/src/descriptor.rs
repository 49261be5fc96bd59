//! What a manifest says of its parts: digests, descriptors, platforms.

use std::fmt;

use serde_json::Value;

use crate::Error;

/// A SHA-256 digest, as manifests write it: `sha256:…`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads `sha256:` and 64 hexadecimal digits, in lower case.
    ///
    /// ```
    /// use plimsoll_oci::Digest;
    ///
    /// let text = format!("sha256:{}", "0a".repeat(32));
    /// assert_eq!(Digest::parse(&text).unwrap().to_string(), text);
    /// assert!(Digest::parse("sha256:0A").is_none() && Digest::parse("md5:00").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:")?.as_bytes();
        let nibble = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        if hex.len() != 64 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A part that a manifest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Its media type.
    pub media_type: String,
    /// What its bytes hash to.
    pub digest: Digest,
    /// How many they are.
    pub size: u64,
}

impl Descriptor {
    /// Reads a descriptor of a manifest or an index.
    ///
    /// # Errors
    /// Where it has no digest that is SHA-256, or no size.
    pub fn read(value: &Value) -> Result<Self, Error> {
        let digest = value.get("digest").and_then(Value::as_str).unwrap_or_default();
        let no = |what: String| Error::Format(what);
        Ok(Self {
            media_type: text(value, "mediaType"),
            digest: Digest::parse(digest)
                .ok_or_else(|| no(format!("`{digest}` is no SHA-256 digest")))?,
            size: value
                .get("size")
                .and_then(Value::as_u64)
                .ok_or_else(|| no(format!("{digest} has no size")))?,
        })
    }
}

/// The system an image is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// `amd64`.
    pub architecture: String,
    /// `v8`, where it matters.
    pub variant: Option<String>,
}

impl Platform {
    /// Reads `linux/amd64` or `linux/arm/v7`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (os, architecture) = (parts.next()?, parts.next()?);
        let variant = parts.next().map(str::to_owned);
        let whole = parts.next().is_none() && !os.is_empty() && !architecture.is_empty();
        whole.then(|| Self { os: os.to_owned(), architecture: architecture.to_owned(), variant })
    }

    /// Reads the `platform` of an index entry, or a configuration, which has the same fields.
    #[must_use]
    pub fn read(value: &Value) -> Self {
        let variant = Some(text(value, "variant")).filter(|v| !v.is_empty());
        Self { os: text(value, "os"), architecture: text(value, "architecture"), variant }
    }

    /// That of this machine's programs, in a Linux container.
    #[must_use]
    pub fn native() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        Self { os: "linux".to_owned(), architecture: architecture.to_owned(), variant: None }
    }

    /// Whether an image for `self` is what `wanted` asks for; a variant that is not asked for does not matter.
    #[must_use]
    pub fn suits(&self, wanted: &Self) -> bool {
        self.os == wanted.os
            && self.architecture == wanted.architecture
            && (wanted.variant.is_none() || self.variant == wanted.variant)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

pub(crate) fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
