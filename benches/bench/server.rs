//! The servers as child processes: started, asked, measured and ended.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Fallible;
use crate::events::{PORTAL, PUBLIC_URL, SECRET};

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two attempts to connect.
const RETRY: Duration = Duration::from_micros(200);

/// A running server; it is killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// Where deliveries go.
    pub(crate) address: SocketAddr,
}

impl Server {
    fn spawn(command: &mut Command, address: SocketAddr) -> Fallible<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        Ok(Self { child, address })
    }

    /// One of the two handlers, which this program serves itself.
    pub(crate) fn handler(name: &str, core: Option<&str>) -> Fallible<Self> {
        let address = free_address()?;
        let mut command = pinned(&std::env::current_exe()?, core);
        let server = Self::spawn(command.args(["--handler", name, &address.to_string()]), address)?;
        server.wait_until_connects()?;
        Ok(server)
    }

    /// The process, whose id `taskset` hands on.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Blocks until connections are taken.
    pub(crate) fn wait_until_connects(&self) -> Fallible {
        let start = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if PATIENCE < start.elapsed() {
                return Err("a server did not start".into());
            }
            std::thread::sleep(RETRY);
        }
        Ok(())
    }

    /// Asks the server to end in order, and waits until it has.
    pub(crate) fn stop(mut self) -> Fallible {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A folder with a configuration, rules and a store for the router; removed when dropped.
pub(crate) struct Site {
    binary: PathBuf,
    folder: PathBuf,
    environment: Vec<(&'static str, &'static str)>,
    /// Where deliveries go.
    pub(crate) webhook: SocketAddr,
    /// Where the state is asked.
    pub(crate) admin: SocketAddr,
}

impl Site {
    /// Lays out a new one under `root`, without a store. `hubspot` is the base URL.
    pub(crate) fn new(root: &Path, binary: &Path, rules: &str, hubspot: &str) -> Fallible<Self> {
        let folder = root.join("site");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(folder.join("rules"))?;
        let (webhook, admin) = (free_address()?, free_address()?);
        let config = format!(
            "[server]\nlisten = \"{webhook}\"\npublic_url = \"{PUBLIC_URL}\"\n\
             [admin]\nlisten = \"{admin}\"\n\
             [hubspot]\nbase_url = \"{hubspot}\"\ncalls_per_10_seconds = 100000\n\
             daily_share = \"100%\"\n[log]\nlevel = \"warn\"\n"
        );
        fs::write(folder.join("hubroute.toml"), config)?;
        fs::write(folder.join("rules/rules.toml"), rules)?;
        let binary = binary.to_owned();
        Ok(Self { binary, folder, environment: Vec::new(), webhook, admin })
    }

    /// The same with a key of the configuration as a variable.
    pub(crate) fn with(mut self, variable: &'static str, value: &'static str) -> Self {
        self.environment.push((variable, value));
        self
    }

    /// Starts the router on it; returns at once.
    pub(crate) fn start(&self, cores: Option<&str>) -> Fallible<Server> {
        let mut command = pinned(&self.binary, cores);
        command.arg("serve").arg("--config").arg(self.folder.join("hubroute.toml"));
        command.env("HUBROUTE_CLIENT_SECRET", SECRET).env("HUBROUTE_ACCESS_TOKEN", "a-token");
        command.envs(self.environment.iter().copied());
        Server::spawn(&mut command, self.webhook)
    }

    /// Starts the router and blocks until it is ready.
    pub(crate) fn start_ready(&self, cores: Option<&str>) -> Fallible<Server> {
        let server = self.start(cores)?;
        self.wait_until_ready()?;
        Ok(server)
    }

    /// Blocks until `/readyz` answers 200.
    pub(crate) fn wait_until_ready(&self) -> Fallible {
        let start = Instant::now();
        while !matches!(get(self.admin, "/readyz"), Ok((200, _))) {
            if PATIENCE < start.elapsed() {
                return Err("the router did not become ready; its errors are above".into());
            }
            std::thread::sleep(RETRY);
        }
        Ok(())
    }

    /// Deliveries on disk whose events are not taken yet.
    pub(crate) fn backlog(&self) -> Fallible<u64> {
        backlog(self.admin)
    }

    /// Blocks until every event is taken.
    pub(crate) fn wait_until_taken(&self, patience: Duration) -> Fallible {
        let start = Instant::now();
        while self.backlog()? != 0 {
            if patience < start.elapsed() {
                return Err("events were not taken in time".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The state, as the admin listener says.
    pub(crate) fn status(&self) -> Fallible<Value> {
        Ok(serde_json::from_str(&get(self.admin, "/api/v1/status")?.1)?)
    }

    /// What the store takes on disk: blocks, not lengths, for segments are made ahead.
    pub(crate) fn bytes_on_disk(&self) -> Fallible<u64> {
        let mut folders = vec![self.folder.join("data")];
        let mut bytes = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let about = entry.metadata()?;
                if about.is_dir() {
                    folders.push(entry.path());
                } else {
                    bytes += about.blocks() * 512;
                }
            }
        }
        Ok(bytes)
    }

    /// Throws the index away; the journal stays.
    pub(crate) fn lose_index(&self) -> Fallible {
        fs::remove_dir_all(self.folder.join("data/index"))?;
        Ok(())
    }

    /// Throws the store away.
    pub(crate) fn clear(&self) -> Fallible {
        let store = self.folder.join("data");
        if store.exists() {
            fs::remove_dir_all(store)?;
        }
        Ok(())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // What stays is inside the build's own folder, and the next run removes it.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Rules that watch one property; `mode` and what fires decide whether anything leaves.
pub(crate) fn rules(mode: &str, senders: usize) -> String {
    let names: Vec<String> = (1..=senders).map(|n| format!("rep{n}")).collect();
    let inbox = |name: &String| {
        format!("[senders.{name}]\nemail = \"{name}@acme.test\"\ndaily_budget = 900\n")
    };
    let inboxes = names.iter().map(inbox).collect::<Vec<_>>().concat();
    let members = names.join("\", \"");
    format!(
        "[portal]\nid = {PORTAL}\nname = \"Bench\"\ntime_zone = \"UTC\"\n\
         [defaults]\nsettle = \"0 seconds\"\nbreaker = \"off\"\n\
         [themes.sales]\nsays = \"A rep writes\"\ncooldown = \"1 days\"\n\
         [sequences.intro]\nid = 101\ntheme = \"sales\"\n{inboxes}\
         [teams.reps]\nmembers = [\"{members}\"]\nshare = \"even\"\n\
         [[rule]]\nid = \"new-lead\"\nsays = \"A new lead hears from a rep\"\nmode = \"{mode}\"\n\
         when = {{ property = \"lifecyclestage\", becomes = \"lead\" }}\n\
         enroll = {{ sequence = \"intro\", sender = [\"team:reps\"] }}\n\
         re_enroll = \"never\"\n"
    )
}

/// Deliveries on disk whose events are not taken yet, as the admin listener says.
pub(crate) fn backlog(admin: SocketAddr) -> Fallible<u64> {
    let (_, body) = get(admin, "/api/v1/status")?;
    let status: Value = serde_json::from_str(&body)?;
    Ok(status["queue"]["journal"].as_u64().ok_or("the status has no queue.journal")?)
}

/// A plain GET; status and body.
fn get(address: SocketAddr, path: &str) -> Fallible<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("an answer without a head")?;
    let status = head.split_whitespace().nth(1).ok_or("an answer without a status")?;
    Ok((status.parse()?, body.to_owned()))
}

fn pinned(program: &Path, cores: Option<&str>) -> Command {
    match cores {
        None => Command::new(program),
        Some(cores) => {
            let mut command = Command::new("taskset");
            command.args(["-c", cores]).arg(program);
            command
        }
    }
}

fn free_address() -> Fallible<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
