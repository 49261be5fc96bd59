//! Whom a TLS connection trusts.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::Error;

/// Where Debian, Red Hat, SUSE, Alpine and macOS keep theirs. They are named here since the
/// library that looks for the system's leaves them out once `SSL_CERT_FILE` is set.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A configuration that trusts the system's certificates and those of `bundle`.
///
/// The provider is passed along rather than installed: what is installed holds for the whole
/// process, and a second installation fails.
pub(super) fn config(bundle: Option<&Path>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots(bundle)?, Arc::clone(&provider));
    let fail = |error| Error::Stream(format!("no certificates to trust could be loaded: {error}"));
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(fail)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier.map_err(fail)?))
        .with_no_client_auth())
}

fn roots(bundle: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, Error> {
    let system = BUNDLES.iter().find(|file| Path::new(file).is_file());
    let mut all: Vec<_> = system.and_then(|file| read(Path::new(file)).ok()).unwrap_or_default();
    if let Some(file) = bundle {
        let named = |why| {
            let file = file.display();
            Error::Stream(format!("SSL_CERT_FILE names {file}, which cannot be read: {why}"))
        };
        all.extend(read(file).map_err(named)?);
    }
    // A bundle may hold certificates that are no longer well-formed; the others still count.
    all.retain(|one| RootCertStore::empty().add(one.clone()).is_ok());
    Ok(all)
}

fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| error.to_string())
}
