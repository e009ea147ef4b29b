# The same build as the README's: cargo build --release --locked.
FROM rust:1-bookworm AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY rules rules
COPY tests tests
RUN cargo build --release --locked

FROM debian:bookworm-slim
# HTTPS to HubSpot needs the authorities' certificates; the build image has them.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /build/target/release/hubroute /usr/local/bin/hubroute
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data \
    && install --directory /etc/hubroute

# hubroute.toml and rules/ are mounted here; every key can also come from the environment.
WORKDIR /etc/hubroute
ENV HUBROUTE_SERVER_LISTEN=0.0.0.0:8080 \
    HUBROUTE_STORE_URL=/data \
    HUBROUTE_LOG_FORMAT=json
# The only place that is written to: the root file system may be read-only.
VOLUME /data
EXPOSE 8080
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["hubroute", "health"]
ENTRYPOINT ["hubroute"]
CMD ["serve"]
