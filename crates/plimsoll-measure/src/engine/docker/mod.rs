//! The Docker Engine: images and containers through its API, builds through its client.

mod api;
mod build;
pub(super) mod client;
mod config;
mod container;
mod endpoint;
mod layers;

use std::io::Read;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bollard::query_parameters::RemoveImageOptions;
use plimsoll_model::{BuildReport, EngineInfo, EngineKind};

use super::{
    BuildEvent, BuildRequest, Cancel, Capabilities, ContainerSpec, Engine, EngineError, ErrorKind,
    Image, Ready,
};
use api::Api;
use client::Client;
use endpoint::{Endpoint, Environment};

/// How long the engine may take to answer.
const ASK: Duration = Duration::from_secs(60);

/// A Docker Engine that answers.
pub(super) struct Docker {
    api: Arc<Api>,
    endpoint: Endpoint,
    version: String,
    /// Looked for when a build is wanted: what asks for images and containers needs none.
    client: OnceLock<Result<Client, EngineError>>,
}

impl Docker {
    /// The engine at an address, or at that which its own client would use.
    pub(super) fn open(host: Option<&str>) -> Result<Self, EngineError> {
        let endpoint = endpoint::find(&Environment::read(), host)?;
        let (api, version) = Api::connect(&endpoint)?;
        Ok(Self { api: Arc::new(api), endpoint, version, client: OnceLock::new() })
    }

    fn client(&self) -> Result<&Client, EngineError> {
        self.client.get_or_init(client::find).as_ref().map_err(Clone::clone)
    }

    /// The id of what has a name now.
    fn id_of(&self, name: &str) -> Option<String> {
        self.image(name).ok().map(|image| image.id)
    }
}

impl Engine for Docker {
    fn about(&self) -> EngineInfo {
        let client = self.client.get().and_then(|client| client.as_ref().ok());
        EngineInfo {
            kind: EngineKind::Docker,
            name: "Docker Engine".to_owned(),
            version: self.version.clone(),
            endpoint: self.endpoint.host.clone(),
            found: self.endpoint.found.clone(),
            client: client.map(|client| client.name.clone()),
        }
    }

    fn capabilities(&self) -> Capabilities {
        let client = self.client().ok();
        Capabilities {
            builds: client.is_some(),
            named_contexts: client.is_some_and(|client| client.buildx),
            exact_times: client.is_some_and(|client| client.raw),
            keeps_images: true,
            runs_containers: true,
            sees_localhost: false,
        }
    }

    fn build(
        &self,
        request: &BuildRequest<'_>,
        tell: &mut dyn FnMut(BuildEvent<'_>),
        cancel: &Cancel,
    ) -> Result<BuildReport, EngineError> {
        build::build(self, self.client()?, request, tell, cancel)
    }

    fn image(&self, name: &str) -> Result<Image, EngineError> {
        let found = self.api.ask(ASK, self.api.docker.inspect_image(name))?;
        let id = found.id.ok_or_else(|| {
            EngineError::new(ErrorKind::Lost, format!("the engine says of {name} no id"))
        })?;
        let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
        let bytes = found.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        Ok(Image { id, bytes, labels: labels.into_iter().collect() })
    }

    fn save(&self, name: &str) -> Result<Box<dyn Read + Send>, EngineError> {
        // What is not there must be said at once, and not in the middle of the archive.
        self.image(name)?;
        let stream = Box::pin(self.api.docker.export_image(name));
        Ok(Box::new(api::Stream::new(Arc::clone(&self.api), stream)))
    }

    fn remove(&self, name: &str) -> Result<(), EngineError> {
        let options = RemoveImageOptions { force: true, ..RemoveImageOptions::default() };
        match self.api.ask(ASK, self.api.docker.remove_image(name, Some(options), None)) {
            Err(error) if error.kind == ErrorKind::Unknown => Ok(()),
            other => other.map(drop),
        }
    }

    fn evict(&self, _: &str) -> Result<(), EngineError> {
        let what = "the Docker Engine keeps images where their files cannot be told apart";
        Err(EngineError::new(ErrorKind::Unable, what).hint("--engine embedded"))
    }

    fn prepare(&self, spec: &ContainerSpec) -> Result<Box<dyn Ready>, EngineError> {
        Ok(Box::new(container::create(&self.api, &self.endpoint, spec)?))
    }
}
