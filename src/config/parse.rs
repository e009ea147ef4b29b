//! From texts to a checked configuration; every problem says what to write instead.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing_subscriber::filter::{LevelFilter, Targets};

use super::keys::{Raw, Value};
use super::{Admin, Config, HubSpot, LogFormat, Server};
use crate::domain::rule::span::Span;
use crate::domain::secret::Secret;
use crate::domain::signature::{Accept, PublicUrl};
use crate::hubspot::check_base_url;

/// Collects problems while values are read.
struct Reader<'a> {
    raw: &'a Raw,
    problems: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn read<T>(
        &mut self,
        table: &'static str,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Value { text, place } = self.raw.get(table, key, self.problems)?;
        match parse(text.trim()) {
            Ok(value) => Some(value),
            Err(why) => {
                let text = shown(&text);
                self.problems.push(format!("{place}: [{table}] {key} = \"{text}\": {why}"));
                None
            }
        }
    }
}

/// A value as a problem shows it: what stands before the host of an address may be a password.
fn shown(text: &str) -> Cow<'_, str> {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            Cow::Owned(format!("{}***{}", &text[..scheme + 3], &text[at..]))
        }
        _ => Cow::Borrowed(text),
    }
}

/// The configuration; `None` where any value is missing.
pub(super) fn config(raw: &Raw, folder: &Path, problems: &mut Vec<String>) -> Option<Config> {
    let mut reader = Reader { raw, problems };
    let server = server(&mut reader);
    let admin = admin(&mut reader);
    let store = reader.read("store", "url", |text| store(text, folder));
    let deliveries_for = reader.read("store", "deliveries_for", duration);
    let rules = reader.read("rules", "path", |text| Ok(folder.join(text)));
    let watch_rules = reader.read("rules", "watch", flag);
    let hubspot = hubspot(&mut reader);
    let accept = reader.read("signature", "accept", accept);
    let log = reader.read("log", "format", log_format);
    let log_level = reader.read("log", "level", log_level);
    Some(Config {
        server: server?,
        admin: admin?,
        store: store?,
        deliveries_for: deliveries_for?,
        rules: rules?,
        watch_rules: watch_rules?,
        hubspot: hubspot?,
        accept: accept?,
        log: log?,
        log_level: log_level?,
    })
}

/// Only the store's folder.
pub(super) fn store_folder(
    raw: &Raw,
    folder: &Path,
    problems: &mut Vec<String>,
) -> Option<PathBuf> {
    Reader { raw, problems }.read("store", "url", |text| store(text, folder))
}

fn server(reader: &mut Reader<'_>) -> Option<Server> {
    let listen = reader.read("server", "listen", address);
    let body_bytes_max = reader.read("server", "body_limit", bytes);
    let public_url = reader.read("server", "public_url", |text| {
        PublicUrl::parse(text)
            .map_err(|error| format!("{error}. Copy the target URL from the HubSpot app"))
    });
    let connections_max =
        reader.read("server", "connections_max", |text| whole(text, 1..=1_000_000));
    let per_peer = reader.read("server", "connections_per_peer", |text| whole(text, 1..=1_000_000));
    let backlog_bytes_max = reader
        .read("server", "backlog_limit", |text| size(text, 1 << 20..=1 << 40, "1 MiB to 1024 GiB"));
    let backlog_age = reader.read("server", "backlog_age", duration);
    Some(Server {
        listen: listen?,
        body_bytes_max: body_bytes_max?,
        public_url: public_url?,
        connections_max: connections_max?,
        connections_per_peer: per_peer?,
        backlog_bytes_max: backlog_bytes_max?,
        backlog_age: backlog_age?,
    })
}

fn admin(reader: &mut Reader<'_>) -> Option<Admin> {
    let listen = reader.read("admin", "listen", address);
    let open_metrics = reader.read("admin", "open_metrics", flag);
    Some(Admin { listen: listen?, open_metrics: open_metrics? })
}

fn hubspot(reader: &mut Reader<'_>) -> Option<HubSpot> {
    let base_url = reader.read("hubspot", "base_url", base_url);
    let profile = reader.read("hubspot", "profile", |text| {
        text.parse().map_err(|error: crate::hubspot::UnknownProfile| error.to_string())
    });
    let calls = reader.read("hubspot", "calls_per_10_seconds", |text| whole(text, 2..=100_000));
    let daily_share = reader.read("hubspot", "daily_share", percent);
    let verify_first = reader.read("hubspot", "verify_first", duration);
    let verify_for = reader.read("hubspot", "verify_for", duration);
    let timeout = reader.read("hubspot", "timeout", duration);
    let workers = reader.read("hubspot", "workers", |text| whole(text, 1..=256));
    let proxy = reader.read("hubspot", "proxy", |text| Ok(Secret::new(text)));
    Some(HubSpot {
        base_url: base_url?,
        profile: profile?,
        calls_per_10_seconds: u32::try_from(calls?).ok()?,
        daily_share_percent: daily_share?,
        verify_first: verify_first?,
        verify_for: verify_for?,
        timeout: timeout?,
        workers: workers?,
        proxy: proxy?,
    })
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "write an address and a port, for example \"127.0.0.1:8080\"".to_owned())
}

fn whole(text: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, String> {
    let advice = format!("write a whole number from {} to {}", range.start(), range.end());
    let number = text.parse().map_err(|_| advice.clone())?;
    if range.contains(&number) { Ok(number) } else { Err(advice) }
}

fn flag(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "write true or false".to_owned())
}

fn percent(text: &str) -> Result<u32, String> {
    let advice = "write a percentage from \"1%\" to \"100%\"";
    let number: u32 = text.trim_end_matches('%').trim().parse().map_err(|_| advice.to_owned())?;
    if (1..=100).contains(&number) { Ok(number) } else { Err(advice.to_owned()) }
}

fn duration(text: &str) -> Result<Duration, String> {
    // Tests need less than a second: "200 milliseconds".
    if let Some(ms) = text.strip_suffix("milliseconds")
        && let Ok(ms) = ms.trim().parse()
    {
        return Ok(Duration::from_millis(ms));
    }
    let ms = Span::parse(text)?.approximate_ms();
    if ms == 0 {
        Err("it must be longer than nothing".to_owned())
    } else {
        Ok(Duration::from_millis(ms))
    }
}

fn bytes(text: &str) -> Result<usize, String> {
    size(text, 1..=16 << 20, "1 B to 16 MiB")
}

fn size(text: &str, range: std::ops::RangeInclusive<usize>, says: &str) -> Result<usize, String> {
    let advice = "write a size such as \"8 MiB\" or \"512 KiB\"";
    let (number, unit) = text.split_once(' ').ok_or(advice)?;
    let number: usize = number.parse().map_err(|_| advice.to_owned())?;
    let shift = match unit.trim() {
        "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return Err(advice.to_owned()),
    };
    let bytes = number.checked_mul(1 << shift).filter(|bytes| range.contains(bytes));
    bytes.ok_or_else(|| format!("it must be from {says}"))
}

fn base_url(text: &str) -> Result<String, String> {
    let host = |rest: &str| rest.split(['/', ':', '?']).next().unwrap_or("").to_owned();
    if let Some(rest) = text.strip_prefix("http://") {
        let is_loopback = ["127.0.0.1", "localhost", "[::1]"].iter().any(|it| rest.starts_with(it))
            && ["127.0.0.1", "localhost", "["].contains(&host(rest).as_str());
        if !is_loopback {
            return Err("it must begin with https://; plain http is for loopback only".to_owned());
        }
    } else if text.strip_prefix("https://").is_none_or(|rest| host(rest).is_empty()) {
        return Err("write HubSpot's address, https://api.hubapi.com".to_owned());
    }
    // The client has the last word: it reads an address as it will be called.
    check_base_url(text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}

fn store(text: &str, folder: &Path) -> Result<PathBuf, String> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Err(
            "the shared store for several machines is not built yet; name a folder".to_owned()
        );
    }
    if text.is_empty() || text.contains("://") {
        return Err("name a folder, for example \"data\"".to_owned());
    }
    Ok(folder.join(text))
}

fn accept(text: &str) -> Result<Accept, String> {
    let mut accept = Accept { v1: false, v2: false, v3: false };
    for word in text.split(',').map(str::trim) {
        match word {
            "v1" => accept.v1 = true,
            "v2" => accept.v2 = true,
            "v3" => accept.v3 = true,
            _ => {
                return Err(format!(
                    "\"{word}\" is not known. Use \"v3\", and \"v1\" or \"v2\" beside it only where HubSpot sends nothing newer"
                ));
            }
        }
    }
    Ok(accept)
}

/// Levels, of everything or of a part. A part without a level would show all of it: a mistyped
/// level must not be taken for one.
fn log_level(text: &str) -> Result<Targets, String> {
    let advice = "write a level (error, warn, info, debug, trace) or a filter such as \"warn,hubroute=debug\"";
    let named = |word: &str| word.contains('=') || word.parse::<LevelFilter>().is_ok();
    let targets = text.parse().ok().filter(|_| text.split(',').map(str::trim).all(named));
    targets.ok_or_else(|| advice.to_owned())
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("use \"auto\", \"text\" or \"json\"".to_owned()),
    }
}
