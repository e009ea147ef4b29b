//! `hubroute serve` as a child process.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::SECRET;

/// The first port tried: below those the system gives to outgoing connections, so that none of
/// them can sit on a port that a test has chosen.
const PORTS_FROM: u16 = 16_000;
/// How many ports are tried from there.
const PORTS: u16 = 16_000;
/// The log of every start of a test's router.
const LOG: &str = "router.log";

/// A router that was started; dropping it kills it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    webhook: u16,
    admin: u16,
    folder: std::path::PathBuf,
}

/// How a router ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; absent where a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it wrote, over all starts in its folder.
    pub(crate) output: String,
}

impl Process {
    /// Starts `hubroute serve` in a folder, on free ports.
    pub(crate) fn serve(folder: &Path) -> Self {
        Self::serve_with(folder, |_| {})
    }

    /// The same with a last word on the command: its environment, for example.
    pub(crate) fn serve_with(folder: &Path, edit: impl FnOnce(&mut Command)) -> Self {
        Self::spawn(Command::new(env!("CARGO_BIN_EXE_hubroute")), folder, edit)
    }

    /// The same below limits of the system, in the shell's words: `ulimit -S -n 64`.
    pub(crate) fn serve_below(folder: &Path, limits: &str) -> Self {
        let mut shell = Command::new("sh");
        let script = format!("{limits} && exec \"$0\" \"$@\"");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_hubroute")]);
        Self::spawn(shell, folder, |_| {})
    }

    fn spawn(mut command: Command, folder: &Path, edit: impl FnOnce(&mut Command)) -> Self {
        let (webhook, admin) = (free_port(), free_port());
        command
            .args(["serve", "--config", "hubroute.toml"])
            .current_dir(folder)
            .env_clear()
            .env("HUBROUTE_CLIENT_SECRET", SECRET)
            .env("HUBROUTE_ACCESS_TOKEN", "a-token")
            .env("HUBROUTE_SERVER_LISTEN", format!("127.0.0.1:{webhook}"))
            .env("HUBROUTE_ADMIN_LISTEN", format!("127.0.0.1:{admin}"))
            .stdin(Stdio::null())
            .stdout(log_file(folder))
            .stderr(log_file(folder));
        edit(&mut command);
        let child = command.spawn().expect("the router can be started");
        Self { child, webhook, admin, folder: folder.to_owned() }
    }

    /// Where deliveries go.
    pub(crate) fn webhook_url(&self) -> String {
        format!("http://127.0.0.1:{}/webhooks/hubspot", self.webhook)
    }

    /// The port of the webhook listener.
    pub(crate) fn webhook_port(&self) -> u16 {
        self.webhook
    }

    /// The base URL of the admin listener.
    pub(crate) fn admin_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.admin)
    }

    /// The port of the admin listener.
    pub(crate) fn admin_port(&self) -> u16 {
        self.admin
    }

    /// Waits until it is ready.
    #[track_caller]
    pub(crate) fn wait_until_ready(&mut self) {
        let began = Instant::now();
        while !self.is_ready() {
            if let Some(ended) = self.ended() {
                panic!("it ended with {:?}:\n{}", ended.code, ended.output);
            }
            let log = || log(&self.folder);
            assert!(began.elapsed() < super::LONG, "not ready in time:\n{}", log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn is_ready(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.admin)) else { return false };
        let head = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        let asked = stream.write_all(head);
        let answer = asked.and_then(|()| io::read_to_string(stream));
        answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<Ended> {
        let status = self.child.try_wait().expect("a child of ours");
        status.map(|status| self.end(status))
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self, limit: Duration) -> Ended {
        let began = Instant::now();
        loop {
            if let Some(ended) = self.ended() {
                return ended;
            }
            assert!(began.elapsed() < limit, "it did not end in time:\n{}", log(&self.folder));
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Any signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("a process id"), signal).expect("it runs");
    }

    /// SIGTERM, and its end.
    pub(crate) fn stop(self) -> Ended {
        self.signal(Signal::TERM);
        self.wait(super::LONG)
    }

    /// SIGKILL, and its end.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        let status = self.child.wait().expect("a child of ours");
        assert_eq!(status.code(), None, "it ended by itself:\n{}", log(&self.folder));
    }

    fn end(&self, status: ExitStatus) -> Ended {
        Ended { code: status.code(), output: log(&self.folder) }
    }
}

/// A command beside a router that listens for people at `admin`, or without one, to its end.
pub(super) fn command(folder: &Path, admin: Option<u16>, args: &[&str]) -> Ended {
    let admin = admin.unwrap_or_else(free_port);
    let output = Command::new(env!("CARGO_BIN_EXE_hubroute"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("HUBROUTE_ACCESS_TOKEN", "a-token")
        .env("HUBROUTE_ADMIN_LISTEN", format!("127.0.0.1:{admin}"))
        .stdin(Stdio::null())
        .output()
        .expect("the command can be started");
    let text = [output.stdout, output.stderr].concat();
    Ended { code: output.status.code(), output: String::from_utf8_lossy(&text).into_owned() }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What the routers of a folder wrote.
pub(super) fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join(LOG)).unwrap_or_default()
}

fn log_file(folder: &Path) -> File {
    let mut options = OpenOptions::new();
    options.create(true).append(true).open(folder.join(LOG)).expect("a log file")
}

/// A port nobody listens on now, and that this process has not given out before.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = u16::try_from(std::process::id() % u32::from(PORTS)).unwrap_or(0);
    for _ in 0..PORTS {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = PORTS_FROM + offset.wrapping_add(step) % PORTS;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}
