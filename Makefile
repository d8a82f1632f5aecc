SHELL := bash
.SHELLFLAGS := -eo pipefail -c
.DEFAULT_GOAL := help
# Node is a dependency, and everything runs on that version. The machine's own Node only has to install it.
machine_path := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
installed := node_modules/.installed
DOCKER ?= docker
E2E_TESTS ?= test/acceptance test/e2e/suite
# The tests of all code that lists, conditions or uploads.
MINIO_TESTS ?= $(wildcard test/shared/store/*.ts test/shared/results/*.ts test/jobs/uploader/*.ts) \
  test/functions/result-upload.ts test/functions/result-fetch.ts $(wildcard test/functions/deploy/keep/*.ts) \
  test/functions/job-completed/unfinished-uploads.ts test/knative/doctor/store-abilities.ts \
  test/knative/doctor/orphans.ts test/acceptance/life-of-a-job.ts

.PHONY: help demo run page-test api api-key test test-minio test-image e2e e2e-parts doctor contract chaos scale edc
.PHONY: bench bench-check lint typecheck build cli image image-tar clean python

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build python ## Run the demo job on this machine, fetch its result files into demo/ and verify them
	@node knative/local/demo.ts

run: build python ## Run the local host at http://127.0.0.1:8080; PORT=8081 make run uses another port
	@node knative/local/main.ts

page-test: build python ## Test the page in Chromium, which is fetched from Debian where there is none
	@node test/support/with-store.ts tap --jobs=1 test/page/browser/*.ts

api-key: $(installed) ## Make an API key: OWNER=alice SCOPES='jobs:read jobs:write' make api-key
	@node knative/new-api-key.ts

test: build python ## Run the tests
	@node test/support/with-store.ts tap

test-minio: build ## Run the tests of the store on MinIO, which it builds once; needs Go; MINIO_TESTS=… selects tests
	@node test/support/with-minio.ts tap --jobs=2 $(MINIO_TESTS)

test-image: image-tar ## Test the image in containers; as root, on Debian
	@tap test/image/*.ts

e2e: image-tar ## Test on a real cluster that it starts itself; as root, on Debian with Go; E2E_TESTS=… selects tests
	@node test/e2e/main.ts tap --jobs=1 --timeout=900 $(E2E_TESTS)

e2e-parts: image-tar ## Only build the parts of that cluster: half an hour or more, once
	@node test/e2e/main.ts

doctor: $(installed) ## Check the installation in KUBECONFIG and say how to repair it; FIX=1 removes orphans
	@node knative/doctor/main.ts $(if $(FIX),--fix) $(if $(CANARY),--canary=$(CANARY))

api: build python ## Lint the OpenAPI documents, and run the generated clients of docs/api.md
	@node test/support/with-store.ts tap --jobs=1 --timeout=900 test/api/*.ts

contract: build python ## Test the functions against their OpenAPI documents with generated requests
	@node test/contract/run.ts

chaos: build python ## Run random jobs with failing requests and killed processes: two minutes, or CHAOS_JOBS=10000
	@node test/chaos/main.ts

bench: build python ## Measure against floors and the prototype's stack, and write docs/performance.md; BENCH=quick takes 3 minutes
	@$(if $(filter minio,$(LOCAL_STORE)),node test/support/with-minio.ts) node test/bench/main.ts

bench-check: build python ## Compare requests, sizes, start and memory with their baseline; ACCEPT=1 writes it anew
	@ACCEPT=$(ACCEPT) node test/bench/check.ts

scale: build python ## Test pings with 10,000 open jobs in the memory of a cluster; OPEN=… FINISHED=… for more
	@node test/support/with-store.ts tap --timeout=900 test/scale/pings.ts

edc: build python ## Test transfers with unmodified EDC connectors, which Maven fetches; needs Java 17 and Maven
	@mvn -B -q -f test/edc/connectors/pom.xml package
	@node test/support/with-store.ts tap --jobs=1 test/edc/edc-signaling.ts test/edc/http-provisioner.ts

lint: $(installed) ## Check the code style
	@echo 'Checking the style …'
	@eslint .
	@markdownlint-cli2 >/dev/null

typecheck: $(installed) ## Check the types
	@echo 'Checking the types …'
	@tsc -p .
	@tsc -p page

build: $(installed) ## Bundle the functions and job programs into dist/
	@node build.ts

cli: build ## Pack the command line gx4ki: dist/gx4ki-*.tgz
	@npm pack ./cli --ignore-scripts --pack-destination dist --loglevel=error

image: ## Build the image with Docker, or with DOCKER=podman
	$(DOCKER) build --tag dev.local/gx4ki-jobs:dev .
	$(DOCKER) build --target bill-of-materials --output type=local,dest=dist .

image-tar: build ## Build the image without Docker, on Debian: dist/image.tar
	@node image/compile-cache.ts
	@node image/lay-out.ts
	@node image/write-archive.ts

clean: ## Remove all files that the other targets made, including fetched results and the jobs of make run
	rm -rf node_modules dist .local .tap coverage demo

$(installed): package.json package-lock.json
	@export PATH='$(machine_path)'; \
	fail () { echo "$$1" >&2; exit 1; }; \
	command -v node >/dev/null || fail 'node is missing: install Node.js 20 or newer, with npm'; \
	node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' || \
	  fail "node $$(node --version) is too old: install Node.js 20 or newer"; \
	command -v npm >/dev/null || fail 'npm is missing: install it beside node'; \
	echo 'Installing the dependencies (npm ci, about a minute) …'; \
	npm ci --no-audit --no-fund --loglevel=error; \
	node_modules/.bin/node --version >/dev/null || \
	  fail 'Node 24 was not installed: let npm run install scripts (npm config set ignore-scripts false)'; \
	touch $@

# The local S3 store needs Python, unless the environment names another store.
python:
	@[[ -n "$$S3_ENDPOINT$$LOCAL_STORE" ]] || command -v python3 >/dev/null || \
	  { echo 'python3 is missing: install Python 3 with pip, for the local S3 store' >&2; exit 1; }
