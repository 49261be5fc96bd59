//! What a request carries so that the registry knows who asks.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

use super::credentials::Secret;

/// The longest answer of a token service that is read.
pub(super) const LIMIT: u64 = 1 << 20;

/// The header `Authorization`, for the registry alone.
#[derive(Clone)]
pub(super) struct Pass(HeaderValue);

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pass(…)")
    }
}

impl Pass {
    /// Name and password; none for an identity, which only a token service knows.
    pub(super) fn basic(secret: &Secret) -> Option<Self> {
        let Secret::Password { user, password } = secret else { return None };
        Self::new(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
    }

    /// The token of a service's answer; none where it gives none, or one that fits no header.
    pub(super) fn bearer(answer: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(answer).ok()?;
        let named = |key: &str| value.get(key)?.as_str().filter(|token| !token.is_empty());
        let token = named("token").or_else(|| named("access_token"))?;
        Self::new(&format!("Bearer {token}"))
    }

    fn new(text: &str) -> Option<Self> {
        let mut value = HeaderValue::from_str(text).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// The request for a token that allows to read one repository.
///
/// The scope is ours, not the challenge's: nobody gets a token that allows more than reading.
pub(super) fn request(
    client: &Client,
    mut realm: Url,
    service: Option<&str>,
    repository: &str,
    secret: Option<&Secret>,
) -> RequestBuilder {
    let scope = format!("repository:{repository}:pull");
    if let Some(Secret::Identity(identity)) = secret {
        let mut form = realm.clone();
        form.set_query(None);
        form.query_pairs_mut()
            .append_pair("grant_type", "refresh_token")
            .append_pair("client_id", "plimsoll")
            .append_pair("service", service.unwrap_or_default())
            .append_pair("scope", &scope)
            .append_pair("refresh_token", identity);
        let body = form.query().unwrap_or_default().to_owned();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        return client.post(realm).header(CONTENT_TYPE, form).body(body);
    }
    if let Some(service) = service {
        realm.query_pairs_mut().append_pair("service", service);
    }
    realm.query_pairs_mut().append_pair("scope", &scope);
    match secret {
        Some(Secret::Password { user, password }) => {
            client.get(realm).basic_auth(user, Some(password))
        }
        _ => client.get(realm),
    }
}
