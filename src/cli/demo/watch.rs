//! The running router, asked over its admin API like anybody else would.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use super::stage::DemoError;

/// How often it is asked.
const EVERY: Duration = Duration::from_millis(100);
/// How often at most: 30 seconds.
const ASKED_MAX: usize = 300;
/// Answers in a row that must say that nothing is due: a call may be under way in between.
const QUIET_ANSWERS: usize = 3;
/// How long one answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The admin listener's client.
#[derive(Debug)]
pub(super) struct Watch {
    client: reqwest::Client,
    admin: SocketAddr,
}

impl Watch {
    pub(super) fn new(admin: SocketAddr) -> Result<Self, DemoError> {
        // Only "already installed" can fail, and then it is there.
        rustls::crypto::ring::default_provider().install_default().ok();
        Ok(Self { client: reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?, admin })
    }

    /// Waits until nothing is due any more; false when that took too long.
    pub(super) async fn until_quiet(&self) -> Result<bool, DemoError> {
        let mut quiet = 0;
        for _ in 0..ASKED_MAX {
            tokio::time::sleep(EVERY).await;
            let status = self.ask("/api/v1/status").await?;
            let queue = &status["queue"];
            let open = ["journal", "waiting", "in_doubt"].map(|key| queue[key].as_u64());
            quiet = if open == [Some(0); 3] { quiet + 1 } else { 0 };
            if quiet == QUIET_ANSWERS {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The newest row of every decision, oldest first.
    pub(super) async fn decisions(&self) -> Result<Vec<Value>, DemoError> {
        let mut page = self.ask("/api/v1/decisions?limit=1000").await?;
        match page["results"].take() {
            Value::Array(mut rows) => {
                rows.reverse();
                Ok(rows)
            }
            other => Err(DemoError::Answer(other.to_string())),
        }
    }

    /// The account is new: nobody was enrolled before, and nobody need be looked for.
    pub(super) async fn is_new(&self) -> Result<(), DemoError> {
        let body = r#"{"skip":true,"who":"demo","note":"a new account"}"#;
        let call = self.client.post(format!("http://{}/api/v1/seed", self.admin));
        let answer = call.header("content-type", "application/json").body(body).send().await?;
        answer.error_for_status()?;
        Ok(())
    }

    async fn ask(&self, path: &str) -> Result<Value, DemoError> {
        let answer = self.client.get(format!("http://{}{path}", self.admin)).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        let known = status.is_success().then(|| serde_json::from_str(&text).ok()).flatten();
        known.ok_or_else(|| DemoError::Answer(status.to_string()))
    }
}
