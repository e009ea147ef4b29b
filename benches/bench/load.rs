//! The load generator: keep-alive connections on one thread, in a closed or an open loop.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use crate::Fallible;
use crate::events::{Kind, Writer, take};

/// How far ahead of its time an exact sender wakes, to spin for the rest: timers are coarse.
const SPIN: Duration = Duration::from_micros(1_500);

/// What a run gave.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Requests answered with 2xx.
    pub(crate) answered: u64,
    /// Requests answered otherwise, or not at all.
    pub(crate) errors: u64,
    /// How long it took, in seconds.
    pub(crate) seconds: f64,
    /// Times to the answer, sorted.
    pub(crate) latencies: Vec<Duration>,
}

impl Report {
    /// Requests answered with 2xx in one second.
    pub(crate) fn rate(&self) -> f64 {
        self.answered as f64 / self.seconds
    }

    fn add(&mut self, status: u16, latency: Duration) {
        if (200..300).contains(&status) {
            self.answered += 1;
        } else {
            self.errors += 1;
        }
        self.latencies.push(latency);
    }

    fn join(&mut self, other: Self) {
        self.answered += other.answered;
        self.errors += other.errors;
        self.latencies.extend(other.latencies);
    }
}

/// One keep-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: vec![0; 4096] })
    }

    /// Sends a request; the status of its answer. Answers of these servers have no body.
    pub(crate) async fn send(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        let mut length = 0;
        while !self.answer[..length].ends_with(b"\r\n\r\n") {
            match self.stream.read(&mut self.answer[length..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => length += read,
            }
        }
        let status = self.answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
        status
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// Runs a future on this thread alone.
pub(crate) fn on_this_thread<T>(work: impl Future<Output = T>) -> Fallible<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(LocalSet::new().block_on(&runtime, work))
}

/// Each of `connections` sends again as soon as it is answered.
pub(crate) fn closed_loop(
    address: SocketAddr,
    connections: usize,
    kind: Kind,
    time: Duration,
) -> Fallible<Report> {
    let end = Instant::now() + time;
    all((0..connections).map(|_| send_until(address, kind, end)))
}

async fn send_until(address: SocketAddr, kind: Kind, end: Instant) -> io::Result<Report> {
    let (mut connection, mut writer) = (Connection::open(address).await?, Writer::new(kind));
    let mut report = Report::default();
    let mut now = Instant::now();
    while now < end {
        let status = connection.send(writer.fresh()).await?;
        let answered = Instant::now();
        report.add(status, answered - now);
        now = answered;
    }
    Ok(report)
}

/// A rate that does not wait for answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Requests in one second.
    pub(crate) per_second: u32,
    /// For how long.
    pub(crate) seconds: u32,
    /// Connections: HubSpot's default concurrency is 10.
    pub(crate) connections: usize,
    /// Spin to the exact time. Off where the server shares this core.
    pub(crate) exact: bool,
}

impl Rate {
    /// Requests in all.
    pub(crate) fn requests(self) -> u64 {
        u64::from(self.per_second) * u64::from(self.seconds)
    }

    /// When request number `slot` is due after the start.
    pub(crate) fn due(self, slot: u64) -> Duration {
        Duration::from_secs_f64(slot as f64 / f64::from(self.per_second))
    }
}

/// What an open loop gave.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Its figures; latencies count from the intended time of sending.
    pub(crate) report: Report,
    /// The number of the first event; request `slot` has the events from `slot * batch` after it.
    pub(crate) first: u64,
    /// When slot 0 was due.
    pub(crate) start: SystemTime,
}

/// Sends at a fixed rate, whatever the server does.
pub(crate) fn open_loop(address: SocketAddr, rate: Rate, kind: Kind) -> Fallible<Sent> {
    let first = take(rate.requests() * kind.batch);
    // Connections and writers are made before the first one is due.
    let ahead = Duration::from_millis(50);
    let (start, wall) = (Instant::now() + ahead, SystemTime::now() + ahead);
    let plan = Rc::new(Plan { address, rate, kind, first, start, next: Cell::new(0) });
    let report = all((0..rate.connections).map(|_| send_when_due(Rc::clone(&plan))))?;
    Ok(Sent { report, first, start: wall })
}

/// What the senders of one open loop share.
struct Plan {
    address: SocketAddr,
    rate: Rate,
    kind: Kind,
    first: u64,
    start: Instant,
    next: Cell<u64>,
}

async fn send_when_due(plan: Rc<Plan>) -> io::Result<Report> {
    let mut connection = Connection::open(plan.address).await?;
    let mut writer = Writer::new(plan.kind);
    let mut report = Report::default();
    loop {
        let slot = plan.next.replace(plan.next.get() + 1);
        if plan.rate.requests() <= slot {
            return Ok(report);
        }
        let due = plan.start + plan.rate.due(slot);
        wait_until(due, plan.rate.exact).await;
        let status = connection.send(writer.write(plan.first + slot * plan.kind.batch)).await?;
        report.add(status, due.elapsed());
    }
}

async fn wait_until(due: Instant, exact: bool) {
    let early = if exact { SPIN } else { Duration::ZERO };
    if let Some(wake) = due.checked_sub(early) {
        tokio::time::sleep_until(wake.into()).await;
    }
    while Instant::now() < due {
        tokio::task::yield_now().await;
    }
}

/// Runs the senders side by side; their reports as one.
fn all<F>(senders: impl Iterator<Item = F>) -> Fallible<Report>
where
    F: Future<Output = io::Result<Report>> + 'static,
{
    on_this_thread(async {
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for sender in senders {
            tasks.spawn_local(sender);
        }
        let mut whole = Report::default();
        while let Some(report) = tasks.join_next().await {
            whole.join(report??);
        }
        whole.seconds = start.elapsed().as_secs_f64();
        whole.latencies.sort_unstable();
        Ok(whole)
    })?
}
