# The commands of every day. `just` lists them.

default:
    @just --list

# Everything CI checks
test:
    ./scripts/test

# The main job, offline: no account, no service
demo:
    cargo run --release -- demo --once

# Check and test the rules folder
rules folder="rules":
    cargo run --quiet --locked -- check {{folder}} --deny-warnings
    cargo run --quiet --locked -- test {{folder}} --cover

# Format the code
fmt:
    cargo fmt

# Licenses, advisories and sources of every dependency (needs cargo-deny)
deny:
    cargo deny check

# The container image
image:
    docker build --tag hubroute .
