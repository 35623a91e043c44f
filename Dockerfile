# syntax=docker/dockerfile:1
# What is built is the same on every architecture: better-sqlite3 13 brings its binaries for all of them,
# so nothing is compiled and no install script runs. Debian's slim image is what balance is tested on.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# The lockfile has better-sqlite3 for Node 20 too; this is the one for Node 24.
RUN npm ci --omit=dev --ignore-scripts \
 && npm install --no-save --omit=dev --ignore-scripts better-sqlite3@13.2.0

FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build \
 && node .ci/release/main.js pack /tmp/packed \
 && mkdir /app \
 && tar -xzf /tmp/packed/*.tgz -C /app --strip-components=1 \
 && ln -s balance.js /app/bin/balance \
 && install -d -m 0700 /data

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="balance" \
      org.opencontainers.image.description="An LLM gateway: many keys, many providers, truthful failover, managed from the terminal." \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
    PATH=/app/bin:$PATH \
    BALANCE_LISTEN=0.0.0.0:8077 \
    BALANCE_DATA_DIR=/data
COPY --from=packages /app/node_modules /app/node_modules
COPY --from=build /app /app
COPY --from=build --chown=1000:1000 /data /data
WORKDIR /data
USER 1000:1000
VOLUME /data
EXPOSE 8077
# Node is process 1 and needs no init: balance handles SIGTERM, and every process it starts is its child.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["balance", "health"]
ENTRYPOINT ["balance"]
CMD ["serve"]
