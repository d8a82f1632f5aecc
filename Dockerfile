# The image where there is Docker or Podman (make image). Without, make image-tar makes the same of the same files:
# both take what image/lay-out.ts lays out.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node_modules/.bin/node build.ts
RUN apt-get update && node_modules/.bin/node image/lay-out.ts

FROM scratch AS bill-of-materials
COPY --from=build /src/dist/image.cdx.json /

FROM scratch
COPY --from=build /src/dist/image/system/ /
COPY --from=build /src/dist/image/programs/ /
# As in image/write-archive.ts, which says why.
USER 65532:65532
WORKDIR /app
ENV PATH=/usr/local/bin NODE_USE_SYSTEM_CA=1
CMD ["node", "--version"]
