# pgwitness as an image: built in one stage with a compiler, run in another without one, as a user of its own, from a root file system that
# may be read-only. Only /var/lib/pgwitness (the data) and /run/pgwitness (the socket between relay and observer) are written to.

# Any image with Node 20 or newer in /usr/local and Debian's apt. Name it with its digest to build the same thing twice:
# docker build --build-arg BASE=node:22-bookworm-slim@sha256:… . The image context of a release has it where a registry told it.
ARG BASE=node:22-bookworm-slim

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends g++ make python3 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/pgwitness
COPY package.json package-lock.json tsconfig.json ./
COPY scripts scripts
COPY config config
COPY proxy proxy
COPY analyzer analyzer
COPY audit audit
COPY storage storage
COPY own-queries own-queries
COPY facts facts
COPY reports reports
COPY observer observer
COPY dashboards dashboards
COPY cli cli
# SQLite from its source, against the headers that came with Node: a prebuilt one would be downloaded without a checksum.
ENV npm_config_build_from_source=true \
    npm_config_nodedir=/usr/local
RUN node scripts/build.mjs \
 && npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
 && node scripts/prune.mjs /opt/pgwitness

FROM ${BASE}
LABEL org.opencontainers.image.title="pgwitness" \
      org.opencontainers.image.description="A Postgres wire proxy that witnesses live query traffic" \
      org.opencontainers.image.licenses="MIT"
# Nothing that fetches or installs: neither Node's package managers nor Debian's.
RUN groupadd --gid 10001 pgwitness \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin pgwitness \
 && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/pgwitness /run/pgwitness \
 && rm -rf /usr/local/lib/node_modules /usr/local/include /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn* /usr/bin/curl /usr/bin/wget \
      /usr/bin/apt* /usr/lib/apt /var/lib/apt /var/cache/apt
COPY --from=build /opt/pgwitness/node_modules /opt/pgwitness/node_modules
COPY --from=build /opt/pgwitness/dist /opt/pgwitness/dist
COPY package.json LICENSE /opt/pgwitness/
RUN printf '#!/bin/sh\nexec node /opt/pgwitness/dist/cli/main.js "$@"\n' > /usr/local/bin/pgwitness \
 && chmod 0755 /usr/local/bin/pgwitness
USER 10001:10001
WORKDIR /var/lib/pgwitness
VOLUME ["/var/lib/pgwitness"]
ENV NODE_ENV=production \
    PGWITNESS_LISTEN=0.0.0.0:6433 \
    PGWITNESS_HTTP=0.0.0.0:6434 \
    PGWITNESS_HEALTH=0.0.0.0:6435 \
    PGWITNESS_DATA=/var/lib/pgwitness/data \
    PGWITNESS_SOCKET=/run/pgwitness/link/observer.sock
EXPOSE 6433 6434 6435
# The relay's readiness, which depends on neither the observer nor the upstream.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "/opt/pgwitness/dist/cli/main.js", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/opt/pgwitness/dist/cli/main.js"]
CMD ["run"]
