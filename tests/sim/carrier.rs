//! The way from the router's HubSpot client to the simulated HubSpot, within this process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hubroute::hubspot::{Carrier, Carrying, Lost, Reply};
use hubroute::simulator::{Asked, Portal, Said};
use reqwest::Request;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::time::{sleep, timeout};

use crate::disk::SimDisk;
use crate::time::Time;
use crate::trap::{Cut, Trap};
use crate::weather::{Strike, Weather};

/// How long the client waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(15);

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct InProcess {
    pub(crate) portal: Portal,
    pub(crate) weather: Arc<Mutex<Weather>>,
    pub(crate) time: Time,
    pub(crate) trap: Trap,
    pub(crate) disk: SimDisk,
}

impl InProcess {
    async fn exchange(&self, request: Request) -> Result<Reply, Lost> {
        let (strike, way) = {
            let mut weather = self.weather.lock().unwrap_or_else(PoisonError::into_inner);
            weather.strike(self.time.elapsed())
        };
        let Strike::Made(fault) = strike else {
            return Err(Lost::NotSent("HubSpot could not be reached".to_owned()));
        };
        let asked = asked(&request);
        let cut = if is_enrollment(&asked) { self.trap.meet() } else { None };
        let there_and_back = async {
            sleep(Duration::from_millis(way / 2)).await;
            self.come_to(cut, Cut::Before).await;
            let said = self.portal.ask(asked, fault).await;
            self.come_to(cut, Cut::After).await;
            sleep(Duration::from_millis(way / 2)).await;
            if cut == Some(Cut::Answered) {
                self.disk.stop_after(0);
            }
            said
        };
        match timeout(TIMEOUT, there_and_back).await {
            Ok(Some(said)) => Ok(reply(said)),
            Ok(None) => Err(Lost::NoAnswer("the connection broke".to_owned())),
            Err(_) => Err(Lost::NoAnswer("no answer in time".to_owned())),
        }
    }
}

impl InProcess {
    /// Never goes on where the machine stops here.
    async fn come_to(&self, cut: Option<Cut>, here: Cut) {
        if cut == Some(here) {
            self.trap.spring();
            std::future::pending::<()>().await;
        }
    }
}

/// Whether the call enrolls somebody.
fn is_enrollment(asked: &Asked) -> bool {
    asked.method == "POST" && asked.target.contains("/enrollments")
}

impl Carrier for InProcess {
    fn carry(&self, request: Request, _answer_max: usize) -> Carrying<'_> {
        Box::pin(self.exchange(request))
    }
}

fn asked(request: &Request) -> Asked {
    let url = request.url();
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
    Asked {
        method: request.method().to_string(),
        target,
        token: token.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned),
        body: body.to_vec(),
    }
}

fn reply(said: Said) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(said.content_type));
    for (name, value) in said.headers {
        let value = HeaderValue::from_str(&value).expect("the simulator's headers are text");
        let name = HeaderName::from_bytes(name.as_bytes()).expect("the simulator's names are too");
        headers.insert(name, value);
    }
    let whole = if said.broke_off { Err("the answer broke off".to_owned()) } else { Ok(said.body) };
    Reply::new(said.status, headers, whole)
}
