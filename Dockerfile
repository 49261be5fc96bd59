# syntax=docker/dockerfile:1
# The program alone, without privileges. Releases build it cold, so that what is signed comes from the tag alone; the cache
# mounts are for whoever builds it at home.
FROM rust:1.95.0-alpine3.22 AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY crates crates
COPY xtask xtask
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release -p plimsoll \
    && install -D target/release/plimsoll /root-of-image/usr/bin/plimsoll \
    && install -D -m 644 /etc/ssl/certs/ca-certificates.crt /root-of-image/etc/ssl/certs/ca-certificates.crt

FROM scratch
COPY --from=build /root-of-image /
USER 65532:65532
WORKDIR /repository
ENTRYPOINT ["/usr/bin/plimsoll"]
CMD ["review"]
