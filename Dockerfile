# Builds the image with Docker or Podman (make image). make image-tar builds the same image without them. Both use the
# files that image/lay-out.ts lays out.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node_modules/.bin/node build.ts && node_modules/.bin/node image/compile-cache.ts
RUN apt-get update && node_modules/.bin/node image/lay-out.ts

FROM scratch AS bill-of-materials
COPY --from=build /src/dist/image.cdx.json /

FROM scratch
COPY --from=build /src/dist/image/system/ /
COPY --from=build /src/dist/image/programs/ /
# The same as in image/write-archive.ts and image/environment.ts, which gives the reasons.
USER 65532:65532
WORKDIR /app
ENV PATH=/usr/local/bin NODE_USE_SYSTEM_CA=1 NODE_OPTIONS=--max-semi-space-size=4 NODE_COMPILE_CACHE_PORTABLE=1 \
  NODE_COMPILE_CACHE=/app/dist/compile-cache
CMD ["node", "--version"]
