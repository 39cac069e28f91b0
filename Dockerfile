FROM rust:1.95-bookworm AS build
WORKDIR /build
ENV SQLX_OFFLINE=true
# The dependencies are a layer of their own, which stays until one of them changes.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && echo 'fn main() {}' >build.rs \
    && cp build.rs src/main.rs \
    && cargo build --profile dist --locked
# What `vps-claude --version` says; the context has no repository:
#   docker build --build-arg VPS_CLAUDE_COMMIT=$(git rev-parse --short=12 HEAD) .
ARG VPS_CLAUDE_COMMIT= SOURCE_DATE_EPOCH=
COPY . .
# Their files keep the times of the context, which may be before those of the files above.
RUN touch build.rs src/main.rs && cargo build --profile dist --locked && mkdir /data

# It has glibc and root certificates, no shell, and an unprivileged user.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/target/dist/vps-claude /usr/local/bin/vps-claude
# A folder or volume of one's own in its place keeps finished logs when the container goes.
COPY --from=build --chown=nonroot:nonroot /data /data
ENV LISTEN=0.0.0.0:3000 DATA_DIR=/data
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s CMD ["vps-claude", "healthcheck"]
ENTRYPOINT ["vps-claude"]
CMD ["serve"]
