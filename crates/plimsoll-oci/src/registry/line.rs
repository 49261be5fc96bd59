//! Connections, and the blocking calls that drive them.

use std::future::Future;

use reqwest::Client;
use reqwest::redirect::Policy;
use rustls::ClientConfig;
use tokio::runtime::{Builder, Handle, Runtime};

use super::settings::Settings;
use crate::Error;

/// A client with the runtime its connections belong to.
///
/// Nothing runs between two calls, so nothing arrives that nobody waits for: the operating
/// system's buffers fill and the registry waits. That is all the back-pressure there is.
pub(super) struct Line {
    runtime: Option<Runtime>,
    pub(super) client: Client,
}

impl Line {
    pub(super) fn open(settings: &Settings, tls: &ClientConfig, near: bool) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let builder = Client::builder()
            .tls_backend_preconfigured(tls.clone())
            // Redirects are followed by `Session`, which knows what may go where.
            .redirect(Policy::none())
            .referer(false)
            .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.connect)
            .read_timeout(settings.silence)
            // What waits longer was likely closed by the other side meanwhile.
            .pool_idle_timeout(std::time::Duration::from_secs(15));
        // A proxy of the environment does not lead to this machine.
        let builder = if near { builder.no_proxy() } else { builder };
        let client = builder
            .build()
            .map_err(|error| Error::Stream(format!("no connection can be made: {error}")))?;
        Ok(Self { runtime: Some(runtime), client })
    }

    /// Waits for an answer.
    pub(super) fn run<F: Future>(&self, future: F) -> Result<F::Output, Error> {
        match &self.runtime {
            Some(runtime) if Handle::try_current().is_err() => Ok(runtime.block_on(future)),
            _ => Err(Error::Stream(
                "reading from a registry blocks: it needs a thread outside of async code".into(),
            )),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // A lookup of a name cannot be cancelled; nobody waits for it here.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
