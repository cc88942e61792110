# pgwitness as an image: built in one stage with a compiler, run in another without one, as a user of its own, from a root file system that
# may be read-only. Only /var/lib/pgwitness (the data) and /run/pgwitness (the socket between relay and observer) are written to.

FROM node:22-bookworm-slim AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends g++ make python3 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/pgwitness
COPY package.json package-lock.json tsconfig.json ./
COPY scripts scripts
COPY config config
COPY proxy proxy
COPY analyzer analyzer
COPY storage storage
COPY postgres postgres
COPY facts facts
COPY reports reports
COPY observer observer
COPY dashboards dashboards
COPY cli cli
# Installs, compiles SQLite where no prebuilt one fits, and makes dist/ with the page in it.
RUN node scripts/build.mjs \
 && npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:22-bookworm-slim
LABEL org.opencontainers.image.title="pgwitness" \
      org.opencontainers.image.description="A Postgres wire proxy that witnesses live query traffic" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 pgwitness \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin pgwitness \
 && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/pgwitness /run/pgwitness
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
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 CMD ["node", "/opt/pgwitness/dist/cli/main.js", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/opt/pgwitness/dist/cli/main.js"]
CMD ["run"]
