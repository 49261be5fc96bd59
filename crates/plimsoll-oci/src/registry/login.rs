//! How a registry comes to know who asks.

use reqwest::{Client, Response, StatusCode, Url};

use super::challenge::Challenge;
use super::fault::{self, Asked, Body, Fault};
use super::session::{Session, send};
use super::token::{self, Pass};
use crate::Error;

impl Session {
    /// Gets a pass from whom the registry names.
    pub(super) async fn login(
        &self,
        client: &Client,
        challenge: Option<Challenge>,
        what: &str,
    ) -> Result<Pass, Fault> {
        let secret = self.found().secret.as_ref();
        let pass = match challenge {
            Some(Challenge::Bearer { realm, service }) => {
                let realm = Url::parse(&realm).ok().filter(|url| url.username().is_empty());
                let realm = realm.ok_or_else(|| self.garbled("names no address"))?;
                self.exchange(client, self.allowed(realm)?, service.as_deref()).await?
            }
            Some(Challenge::Basic) => secret.and_then(Pass::basic),
            None => None,
        };
        let (known, note) = (secret.is_some(), self.found().note.as_str());
        let asked = Asked { reference: &self.reference, what, elsewhere: None, known, note };
        pass.ok_or_else(|| fault::refused(asked, StatusCode::UNAUTHORIZED, "").into())
    }

    /// Asks a token service for a token; none where it refuses.
    async fn exchange(
        &self,
        client: &Client,
        realm: Url,
        service: Option<&str>,
    ) -> Result<Option<Pass>, Fault> {
        let secret = self.found().secret.as_ref();
        let request =
            token::request(client, realm.clone(), service, &self.reference.repository, secret);
        let response = send(request, &realm).await?;
        match response.status() {
            StatusCode::OK => self.token(response).await.map(Some),
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Ok(None),
            other => {
                let passing = other.is_server_error();
                Err(Fault { passing, ..self.garbled(&format!("answers {other}")) })
            }
        }
    }

    async fn token(&self, response: Response) -> Result<Pass, Fault> {
        let answer = match fault::bounded(response, token::LIMIT).await {
            Ok(answer) => answer,
            Err(Body::TooLarge) => return Err(self.garbled("does not stop answering")),
            Err(Body::Broken(error)) => return Err(fault::transport(&error, self.host())),
        };
        Pass::bearer(&answer).ok_or_else(|| self.garbled("gives no token that can be used"))
    }

    fn garbled(&self, why: &str) -> Fault {
        let what = format!("the login of {}: its token service {why}", self.host());
        Error::Stream(what).into()
    }
}
