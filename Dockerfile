FROM rust:1-bookworm AS build
WORKDIR /build
COPY . .
RUN SQLX_OFFLINE=true cargo build --release --locked

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home --shell /usr/sbin/nologin vps-claude
COPY --from=build /build/target/release/vps-claude /usr/local/bin/vps-claude
USER vps-claude
ENV LISTEN=0.0.0.0:3000
EXPOSE 3000
ENTRYPOINT ["vps-claude"]
CMD ["serve"]
