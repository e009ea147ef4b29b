//! Keys of `hubroute.toml` (PRODUCT.md). Their names and defaults stand in `config`.

use super::shape::Kind::{Duration, Flag, Like, List, Text, Whole, Words};
use super::shape::{Key, Shape};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "server",
        says: "The webhook listener.",
        required: &[],
        keys: &[
            Key("listen", Text, "Address and port of the webhook listener."),
            Key(
                "body_limit",
                Like("^[0-9]+ (B|KiB|MiB)$"),
                "A larger delivery is answered 413; 1 B to 16 MiB.",
            ),
            Key(
                "public_url",
                Like("^https?://"),
                "Exactly the target URL in the HubSpot app: it is part of what HubSpot signs.",
            ),
            Key("connections_max", Whole(1, 1_000_000), "Connections at once."),
            Key(
                "connections_per_peer",
                Whole(1, 1_000_000),
                "Connections of one address; loopback and private networks, where a proxy is, are not bounded.",
            ),
            Key(
                "backlog_limit",
                Like("^[0-9]+ (B|KiB|MiB|GiB)$"),
                "Deliveries on disk that wait to be taken; beyond, 503. 1 MiB to 1024 GiB.",
            ),
            Key("backlog_age", Duration, "How long the oldest of them may wait; beyond, 503."),
        ],
    },
    Shape {
        name: "admin",
        says: "The admin listener: page, API, metrics.",
        required: &[],
        keys: &[
            Key(
                "listen",
                Text,
                "Address and port; anything but loopback needs HUBROUTE_ADMIN_TOKEN.",
            ),
            Key("open_metrics", Flag, "true: /metrics without the token."),
        ],
    },
    Shape {
        name: "store",
        says: "Where everything is kept.",
        required: &[],
        keys: &[
            Key("url", Text, "A folder; relative paths count from this file."),
            Key(
                "deliveries_for",
                Duration,
                "How long what HubSpot sent is kept, as it was sent, once it was judged.",
            ),
        ],
    },
    Shape {
        name: "rules",
        says: "The rules.",
        required: &[],
        keys: &[
            Key("path", Text, "The rules folder; relative paths count from this file."),
            Key("watch", Flag, "Changed files are noticed and loaded; false: only when asked."),
        ],
    },
    Shape {
        name: "hubspot",
        says: "Calls to HubSpot.",
        required: &[],
        keys: &[
            Key("base_url", Text, "Where HubSpot is; plain http only on loopback."),
            Key(
                "profile",
                Words(&["2026-03", "2026-09", "v4", "route-map"]),
                "Which endpoints to speak.",
            ),
            Key("calls_per_10_seconds", Whole(2, 100_000), "Calls in any ten seconds."),
            Key("daily_share", Like("^[0-9]+ ?%$"), "Our share of the account's daily calls."),
            Key("verify_first", Duration, "Until a lost answer is first read back."),
            Key("verify_for", Duration, "Until its absence counts."),
            Key("timeout", Duration, "Of one call, answer included."),
            Key("workers", Whole(1, 256), "Persons worked on at once."),
            Key("proxy", Text, "A proxy's URL; proxies of the environment are not used."),
        ],
    },
    Shape {
        name: "signature",
        says: "HubSpot's signatures.",
        required: &[],
        keys: &[Key(
            "accept",
            List(&Words(&["v1", "v2", "v3"])),
            "Versions; older ones only where HubSpot sends nothing newer.",
        )],
    },
    Shape {
        name: "log",
        says: "Logs, on standard error.",
        required: &[],
        keys: &[
            Key(
                "format",
                Words(&["auto", "text", "json"]),
                "auto: text on a terminal, JSON otherwise.",
            ),
            Key("level", Text, "A filter such as info or hubroute=debug."),
        ],
    },
];
