# One image for every role; docker-compose.yaml says which command each container runs.
FROM node:24-bookworm-slim AS build
WORKDIR /opt/windlass
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
# The pages are built here; the image's own Node replaces the one from npm.
RUN node scripts/build-ui.ts \
 && npm prune --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/node-linux-* node_modules/.bin/node node_modules/.cache

FROM node:24-bookworm-slim
# redis-server is the broker of the one-container variant.
RUN apt-get update \
 && apt-get install -y --no-install-recommends redis-server tini \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/windlass /opt/windlass
WORKDIR /opt/windlass
# Group 0 may write where any user must, so that WINDLASS_UID can be chosen freely, as with Airflow's image.
RUN ln -s /opt/windlass/bin/windlass.mjs /usr/local/bin/windlass \
 && useradd --uid 50000 --gid 0 --home-dir /opt/windlass --no-create-home --shell /usr/sbin/nologin windlass \
 && mkdir -p .windlass/scratch logs node_modules/.cache /run/windlass \
 && chown -R 50000:0 .windlass logs node_modules/.cache /run/windlass \
 && chmod -R g=u .windlass logs node_modules/.cache /run/windlass /etc/passwd
# As cli/node-flags.ts: the young generation that Node picks by itself is most of what an idle process holds.
ENV NODE_OPTIONS=--max-semi-space-size=8
USER 50000:0
EXPOSE 8080 5555
ENTRYPOINT ["tini", "--", "/opt/windlass/docker/entrypoint.sh"]
CMD ["standalone"]
