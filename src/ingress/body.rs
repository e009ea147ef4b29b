//! Reading a body: bounded in size, in time, and in bytes under way over all requests. actix
//! bounds the head only; a slow body would stay open for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Bytes, BytesMut};
use tokio::time::{Instant, timeout_at};

use super::respond::Refusal;

/// How bodies are bounded.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pub(super) body_bytes_max: usize,
    pub(super) deadline: Duration,
    pub(super) under_way: Arc<UnderWay>,
}

/// Bytes of bodies that are being read or kept.
#[derive(Debug)]
pub(super) struct UnderWay {
    bytes: AtomicUsize,
    most: usize,
}

impl UnderWay {
    pub(super) fn new(most: usize) -> Self {
        Self { bytes: AtomicUsize::new(0), most }
    }
}

/// A share of the bytes under way, given back when dropped.
#[derive(Debug)]
pub(super) struct Share {
    whole: Arc<UnderWay>,
    bytes: usize,
}

impl Share {
    fn new(whole: &Arc<UnderWay>) -> Self {
        Self { whole: Arc::clone(whole), bytes: 0 }
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.bytes += bytes;
        let before = self.whole.bytes.fetch_add(bytes, Ordering::Relaxed);
        if self.whole.most < before + bytes { Err(Refusal::Busy) } else { Ok(()) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.whole.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A body must not come slower than this: so many bytes in so long, or it is given up before its
/// time is over.
const RATE_BYTES: usize = 1 << 10;
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// How fast a body comes.
struct Rate {
    until: Instant,
    bytes: usize,
}

impl Rate {
    fn new() -> Self {
        Self { until: Instant::now() + RATE_WINDOW, bytes: 0 }
    }

    fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
        if RATE_BYTES <= self.bytes {
            *self = Self::new();
        }
    }
}

/// Reads the whole body, with its share of the bytes under way.
pub(super) async fn read(
    request: &HttpRequest,
    payload: Payload,
    bounds: &Bounds,
) -> Result<(Bytes, Share), Refusal> {
    let declared = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok());
    if declared.is_some_and(|bytes| bounds.body_bytes_max < bytes) {
        return Err(Refusal::TooLarge);
    }
    tokio::time::timeout(bounds.deadline, collect(payload, bounds))
        .await
        .map_err(|_| Refusal::TooSlow)?
}

async fn collect(mut payload: Payload, bounds: &Bounds) -> Result<(Bytes, Share), Refusal> {
    let mut share = Share::new(&bounds.under_way);
    let mut rate = Rate::new();
    // Most bodies come in one piece and are taken as they are.
    let Some(first) = next(&mut payload, &mut rate).await? else {
        return Ok((Bytes::new(), share));
    };
    add(&mut share, &first, 0, bounds)?;
    let Some(second) = next(&mut payload, &mut rate).await? else { return Ok((first, share)) };
    let mut body = BytesMut::from(&first[..]);
    let mut piece = Some(second);
    while let Some(bytes) = piece {
        add(&mut share, &bytes, body.len(), bounds)?;
        body.extend_from_slice(&bytes);
        piece = next(&mut payload, &mut rate).await?;
    }
    Ok((body.freeze(), share))
}

fn add(share: &mut Share, piece: &Bytes, so_far: usize, bounds: &Bounds) -> Result<(), Refusal> {
    if bounds.body_bytes_max < so_far + piece.len() {
        return Err(Refusal::TooLarge);
    }
    share.grow(piece.len())
}

async fn next(payload: &mut Payload, rate: &mut Rate) -> Result<Option<Bytes>, Refusal> {
    let mut payload = std::pin::Pin::new(payload);
    let piece =
        std::future::poll_fn(|context| futures_core::Stream::poll_next(payload.as_mut(), context));
    let piece = timeout_at(rate.until, piece).await.map_err(|_| Refusal::TooSlow)?;
    let piece = piece.transpose().map_err(|_| Refusal::BrokenOff)?;
    rate.count(piece.as_ref().map_or(0, Bytes::len));
    Ok(piece)
}
