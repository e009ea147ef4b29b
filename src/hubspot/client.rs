//! Building the client, and the port.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Url, redirect, retry};

use super::access::{Access, Bearer};
use super::enrollments::Proofs;
use super::flows::Flows;
use super::found::{Failure, object};
use super::profile::{Endpoints, Profile};
use super::quota::Quota;
use super::told::Told;
use super::wire::{Call, Carrier, Wire};
use crate::domain::claim::{Channel, Target};
use crate::domain::contact::{Contact, Owner};
use crate::domain::id::{ContactId, OwnerId, PropertyName};
use crate::domain::outcome::ReadFailure;
use crate::domain::record::ProvenReads;
use crate::domain::secret::Secret;
use crate::port::{
    self, Answered, DailyQuota, Enrollments, HubSpot, InTime, Named, Permit, Wanted,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const USER_AGENT: &str = concat!("hubroute/", env!("CARGO_PKG_VERSION"));
/// How long an unused connection is kept: shorter than a server would, so that an enroll is
/// seldom written into a connection that is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// `[hubspot]`, as far as the client needs it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where HubSpot is: https, or http on loopback. A path is kept as a prefix.
    pub base_url: String,
    /// Which endpoint table to speak.
    pub profile: Profile,
    /// How the account is entered.
    pub access: Access,
    /// The longest a call may take, answer included.
    pub timeout: Duration,
    /// The proxy's URL, which may hold a password; the environment's proxies are not used.
    pub proxy: Option<Secret>,
}

impl Settings {
    /// The defaults of PRODUCT.md with this access.
    pub fn new(access: Access) -> Self {
        Self {
            base_url: "https://api.hubapi.com".to_owned(),
            profile: Profile::default(),
            access,
            timeout: Duration::from_secs(15),
            proxy: None,
        }
    }
}

/// The client cannot be built from these settings.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// `base_url` is not one.
    #[error("`base_url` {0}; give one like `https://api.hubapi.com`")]
    BaseUrl(&'static str),
    /// The token cannot stand in a header.
    #[error("the access token is empty or holds characters that no token has; copy it again")]
    AccessToken,
    /// The proxy's URL is not one.
    #[error("the proxy is not a URL; give one like `http://proxy.example.com:3128`")]
    Proxy,
    /// TLS cannot start, most often because the machine has no CA certificates.
    #[error("the HTTPS client cannot start; are CA certificates installed?")]
    Tls(#[source] reqwest::Error),
}

/// HubSpot over HTTP. Cheap to share behind an `Arc`; not to be made twice for one router,
/// since it remembers the day's quota, the workflow ids and the reads that are proven.
#[derive(Debug)]
pub struct Client {
    pub(super) wire: Wire,
    pub(super) endpoints: &'static Endpoints,
    pub(super) flows: Flows,
    pub(super) proofs: Proofs,
}

impl Client {
    /// Builds the client; nothing is sent.
    pub fn new(settings: &Settings) -> Result<Self, BuildError> {
        let http = http(settings, &base_url(&settings.base_url)?)?;
        Self::over(Arc::new(http), settings)
    }

    /// The client with another carrier than HTTP; `timeout` and `proxy` are the carrier's matter.
    pub fn over(carrier: Arc<dyn Carrier>, settings: &Settings) -> Result<Self, BuildError> {
        let base = base_url(&settings.base_url)?;
        let endpoints = settings.profile.endpoints();
        let bearer = Bearer::new(&settings.access, endpoints.token)?;
        Ok(Self {
            wire: Wire { carrier, base, bearer, quota: Quota::default(), told: Told::default() },
            endpoints,
            flows: Flows::default(),
            proofs: Proofs::of(settings.profile),
        })
    }

    /// Believes what an earlier run proved, where it spoke the same profile.
    pub fn trust(&self, proven: &ProvenReads) {
        self.proofs.trust(proven);
    }

    async fn read_probe(&self) -> Result<(), Failure> {
        let (path, query) = self.endpoints.probe;
        let answer = self.wire.send(Call::get(path.to_owned(), query.to_owned())).await;
        match object(answer)? {
            Some(answer) if answer.is_object() => Ok(()),
            _ => Err(Failure::unusable("the probe's answer is not HubSpot's")),
        }
    }
}

fn http(settings: &Settings, base: &Url) -> Result<reqwest::Client, BuildError> {
    // An error means that a provider is installed already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .https_only(base.scheme() == "https")
        .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout))
        .timeout(settings.timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(USER_AGENT)
        .default_headers(HeaderMap::from_iter([(
            ACCEPT,
            HeaderValue::from_static("application/json"),
        )]));
    let builder = match &settings.proxy {
        Some(url) => {
            builder.proxy(reqwest::Proxy::all(url.reveal()).map_err(|_| BuildError::Proxy)?)
        }
        None => builder,
    };
    builder.build().map_err(BuildError::Tls)
}

/// Whether a text is an address that calls may go to: https, or http on loopback, and nothing in
/// it but host, port and path.
pub fn check_base_url(text: &str) -> Result<(), BuildError> {
    base_url(text).map(|_| ())
}

fn base_url(text: &str) -> Result<Url, BuildError> {
    let url = Url::parse(text).map_err(|_| BuildError::BaseUrl("is not a URL"))?;
    let extra = url.query().is_some() || url.fragment().is_some();
    match url.scheme() {
        _ if extra => Err(BuildError::BaseUrl("holds a query or a fragment")),
        _ if !url.username().is_empty() || url.password().is_some() => {
            Err(BuildError::BaseUrl("holds a user or a password"))
        }
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(BuildError::BaseUrl("must be https, save on loopback")),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

impl HubSpot for Client {
    async fn contact(
        &self,
        id: ContactId,
        wanted: &Wanted,
    ) -> Result<Option<Contact>, ReadFailure> {
        Ok(self.read_contact(id, wanted).await?)
    }

    async fn owner(&self, id: OwnerId) -> Result<Option<Owner>, ReadFailure> {
        Ok(self.read_owner(id).await?)
    }

    async fn owner_by_email(&self, email: &str) -> Result<Option<Owner>, ReadFailure> {
        Ok(self.find_owner(email).await?)
    }

    async fn enroll(&self, permit: &Permit, email: Option<&str>, in_time: &InTime<'_>) -> Answered {
        self.enroll_in_time(permit.claim(), email, in_time).await
    }

    async fn enrollments(
        &self,
        target: &Target,
        contact: ContactId,
    ) -> Result<Enrollments, ReadFailure> {
        Ok(self.read_back(target, contact).await?)
    }

    fn unenrolls(&self, channel: Channel) -> bool {
        self.has_unenroll_call(channel)
    }

    async fn unenroll(&self, target: &Target, contact: ContactId, named: Named<'_>) -> Answered {
        self.unenroll_from(target, contact, named).await
    }

    async fn write(&self, contact: ContactId, property: &PropertyName, value: &str) -> Answered {
        self.write_property(contact, (property, value), &|| true).await
    }

    fn proven_reads(&self) -> ProvenReads {
        self.proofs.known()
    }

    async fn probe(&self) -> Result<(), ReadFailure> {
        Ok(self.read_probe().await?)
    }

    fn daily_quota(&self) -> Option<DailyQuota> {
        self.wire.quota.last()
    }

    fn told(&self) -> Option<port::Told> {
        self.wire.told.last()
    }
}
