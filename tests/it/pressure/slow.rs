//! Slow clients from two processes of their own: heads and bodies that drip, connections that say
//! nothing. Good requests go on as if nobody else was there, and every slow one is cut off.

use std::io::Read as _;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::harness::{Harness, Setup, evidence, rule, signed, times};

/// Slow sockets where the environment does not say.
const SOCKETS: u64 = 500;
/// Every slow socket is gone by then.
const GONE: Duration = Duration::from_secs(15);
/// What a good request may take in the full form, which has the machine for itself.
const P99: Duration = Duration::from_millis(50);
/// The same in the short form, beside other tests.
const P99_SHORT: Duration = Duration::from_millis(500);
/// The least time between two connections in one place.
const AGAIN: Duration = Duration::from_secs(5);
/// Between two good requests.
const EVERY: Duration = Duration::from_millis(20);
/// Tells a process of this test that it is a client: the port, the sockets, and the seconds.
const CLIENT: &str = "HUBROUTE_TEST_SLOW_CLIENT";
const NAME: &str = "pressure::slow::slow_clients_are_cut_off_and_good_ones_do_not_notice";

#[test]
fn slow_clients_are_cut_off_and_good_ones_do_not_notice() {
    if let Ok(order) = std::env::var(CLIENT) {
        return be_slow(&order);
    }
    let sockets = times("HUBROUTE_TEST_SLOW", SOCKETS);
    let is_full = SOCKETS < sockets;
    let seconds = if is_full { 60 } else { 15 };
    let setup = Setup::with(rule("stage", "sequence intro")).server("connections_max = 12000");
    let harness = Harness::start(setup);
    let port = harness.router().webhook_port();
    let clients = [(); 2].map(|()| client(port, sockets / 2, seconds));
    let latencies = good_requests(&harness, Duration::from_secs(seconds));
    let (mut opened, mut longest) = (0, Duration::ZERO);
    for client in clients {
        let (its, lived) = told(client);
        opened += its;
        longest = longest.max(lived);
    }
    let rank = (latencies.len() * 99).div_ceil(100).saturating_sub(1);
    let (p99, worst) = (latencies[rank], latencies[latencies.len() - 1]);
    evidence(format_args!(
        "{sockets} slow sockets held for {seconds} s ({opened} opened): the longest lived \
         {longest:.1?}; {} good requests, p99 {p99:.1?}, worst {worst:.1?}",
        latencies.len()
    ));
    assert!(sockets <= opened, "only {opened} were opened");
    assert!(longest <= GONE, "one lived {longest:?}");
    let limit = if is_full { P99 } else { P99_SHORT };
    assert!(p99 <= limit, "p99 {p99:?}");
}

/// Signed deliveries, one after the other; what each took, sorted.
fn good_requests(harness: &Harness, time: Duration) -> Vec<Duration> {
    let (begin, mut latencies, mut number) = (Instant::now(), Vec::new(), 0_u64);
    while begin.elapsed() < time {
        number += 1;
        let body = format!("[{{\"eventId\":{number}}}]");
        let headers = signed::headers(&body);
        let sent = Instant::now();
        assert_eq!(harness.post(&headers, &body).0, 204, "a good request");
        latencies.push(sent.elapsed());
        std::thread::sleep(EVERY.saturating_sub(sent.elapsed()));
    }
    latencies.sort_unstable();
    latencies
}

/// A process that is slow with so many sockets.
fn client(port: u16, sockets: u64, seconds: u64) -> Child {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args(["--exact", NAME, "--nocapture", "--test-threads=1"]);
    command.env(CLIENT, format!("{port} {sockets} {seconds}")).stdout(Stdio::piped());
    command.spawn().expect("a client process")
}

/// How many sockets a client opened, and how long the longest lived.
fn told(mut client: Child) -> (u64, Duration) {
    let mut text = String::new();
    let mut output = client.stdout.take().expect("it is piped");
    output.read_to_string(&mut text).expect("its words");
    assert!(client.wait().expect("a child of ours").success(), "{text}");
    let line = text.lines().find_map(|line| line.strip_prefix("slow: ")).expect("its figures");
    let mut figures = line.split(' ').map(|figure| figure.parse().expect("a number"));
    let mut next = || figures.next().expect("two figures");
    (next(), Duration::from_millis(next()))
}

#[expect(clippy::print_stdout, reason = "that is how it tells the process that started it")]
fn be_slow(order: &str) {
    let mut words = order.split(' ').map(|word| word.parse::<u64>().expect("a number"));
    let mut next = || words.next().expect("three numbers");
    let (port, sockets, seconds) = (next(), next(), next());
    let address = SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).expect("a port")));
    let end = Instant::now() + Duration::from_secs(seconds);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (opened, longest) = runtime.expect("a runtime").block_on(async {
        let mut tasks = JoinSet::new();
        for number in 0..sockets {
            tasks.spawn(hold(address, number, end));
        }
        let (mut opened, mut longest) = (0, Duration::ZERO);
        while let Some(held) = tasks.join_next().await {
            let (its, lived) = held.expect("no panic");
            opened += its;
            longest = longest.max(lived);
        }
        (opened, longest)
    });
    println!("\nslow: {opened} {}", longest.as_millis());
}

/// Holds one slow connection after the other until `end`; how many, and how long the longest
/// lived. The last one is held until it is cut off.
async fn hold(address: SocketAddr, number: u64, end: Instant) -> (u64, Duration) {
    let (mut opened, mut longest) = (0, Duration::ZERO);
    // Not all in one moment: a listener's queue is short.
    tokio::time::sleep(Duration::from_micros(number * 200)).await;
    while Instant::now() < end {
        let began = Instant::now();
        let Ok(mut stream) = TcpStream::connect(address).await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        opened += 1;
        // However it ends, it is over.
        drip(&mut stream, number % 4).await.ok();
        longest = longest.max(began.elapsed());
        // One that was cut off at once comes again slowly too.
        tokio::time::sleep_until((began + AGAIN).into()).await;
    }
    (opened, longest)
}

const HEAD: &[u8] = b"POST /webhooks/hubspot HTTP/1.1\r\nHost: h\r\nContent-Length: ";

/// One slow way, until the router ends the connection.
async fn drip(stream: &mut TcpStream, way: u64) -> std::io::Result<()> {
    match way {
        // A head that never ends.
        0 => stream.write_all(&HEAD[..20]).await?,
        // A body that never ends.
        1 => stream.write_all(&[HEAD, b"100000\r\n\r\n"].concat()).await?,
        // A second head that never ends.
        2 => stream.write_all(&[HEAD, b"2\r\n\r\n{}", &HEAD[..20]].concat()).await?,
        // Nothing at all.
        _ => {}
    }
    let mut answer = [0; 512];
    loop {
        tokio::select! {
            read = stream.read(&mut answer) => if read? == 0 { return Ok(()) },
            () = tokio::time::sleep(Duration::from_secs(1)) => if way != 3 {
                stream.write_all(b"x").await?;
            },
        }
    }
}
