# One target for each thing a developer does; `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO       ?= go
# Seeds of the simulator, the time of each fuzz target, and repetitions.
SEEDS    ?= 200
FUZZTIME ?= 10s
COUNT    ?= 1

# Modules of their own: real clients, measurements and the image builder stay out of the product.
MODULES  := $(patsubst %/go.mod,%,$(wildcard test/*/go.mod build/*/go.mod))
LINT     := $(CURDIR)/bin/tools/golangci-lint

VERSION  ?= $(shell git describe --tags --always --abbrev=12 --dirty 2>/dev/null || echo unknown)
COMMIT   ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
LDFLAGS  := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

##@ Every change

.PHONY: check
check: fmt-check vet lint generated tidy arch promises ## Formatting, vet, lint, generated code, go.mod, import order

.PHONY: test
test: ## All tests of the module, with the race detector, and those of the comparison's own parts
	cd test/bench && $(GO) test ./...
	$(GO) test -race ./...

.PHONY: conformance
conformance: build ## The official clients against members of bin/filbert
	cd test/conformance && FILBERT_BIN="$(CURDIR)/bin/filbert" $(GO) test -race -count=1 -timeout 20m ./...

.PHONY: upgrade-test
upgrade-test: build ## A cluster of the release before is upgraded under load, and back
	FILBERT_PREVIOUS_BIN="$$(scripts/previous-release.sh)" && export FILBERT_PREVIOUS_BIN && cd test/conformance && \
		FILBERT_BIN="$(CURDIR)/bin/filbert" $(GO) test -race -count=1 -v -timeout 15m -tags upgrade -run Upgrade ./...

.PHONY: conformance-node
conformance-node: build ## The same by the Node.js client, which is installed first
	scripts/node-client.sh
	cd test/conformance && FILBERT_BIN="$(CURDIR)/bin/filbert" $(GO) test -count=1 -timeout 20m -tags node -run Node ./...

.PHONY: e2e
e2e: ## The tutorial and more on a real Kubernetes of its own; needs root: ROUNDS=n, RUN=regexp
	scripts/e2e.sh -timeout 90m $(if $(RUN),-run '$(RUN)')

.PHONY: e2e-tutorial
e2e-tutorial: ## The tutorial alone, once
	E2E_ROUNDS=1 scripts/e2e.sh -timeout 15m -run '^TestTutorial$$'

.PHONY: chaos
chaos: build ## Faults over five real members under load; needs root: DURATION=10m, SEED=n, BACKUPS=n, RACE=1, FLAGS='-faults kill,scale'
	@[ "$$(id -u)" -eq 0 ] || { echo "chaos: needs root, for network namespaces" >&2; exit 2; }
	$(if $(RACE),$(GO) build -race -o bin/filbert-race ./cmd/filbert)
	cd test/chaos && $(GO) test ./history && FILBERT_BIN="$(CURDIR)/bin/filbert$(if $(RACE),-race)" CHAOS_OUTPUT="$(CURDIR)/out/chaos" \
		$(GO) test $(if $(RACE),-race) -count=1 -v -timeout 24h . -args -duration $(or $(DURATION),10m) \
		$(if $(SEED),-seed $(SEED)) $(if $(BACKUPS),-backups $(BACKUPS)) $(FLAGS)

.PHONY: mutants
mutants: ## Changes of one line, each of which breaks a promise and must be caught by a test: RUN=regexp
	cd test/mutants && MUTANTS=1 $(GO) test -count=1 -v -timeout 2h -run '^TestList$$|^TestMutants$$$(if $(RUN),/($(RUN)))' . | { grep --line-buffered -v -e '^=== RUN' -e '--- PASS: TestList' || true; }

.PHONY: mutants-page
mutants-page: ## Write docs/promises.md anew
	cd test/mutants && $(GO) test -count=1 -run '^TestPage$$' . -args -update

.PHONY: sim
sim: ## The simulator: SEEDS=200 seeds; a failing one replays with SEED=n
	$(GO) test -count=1 -timeout 30m -v -run Sim ./internal/sim -args $(if $(SEED),-seed $(SEED),-seeds $(SEEDS))

.PHONY: bench
bench: build ## Filbert beside the echo, Redis, Hazelcast and Olric, in about 5 minutes: QUICK=1, KEYS=10000000, RUN=regexp of rows, FLAGS
	@scripts/install-bench.sh || true
	cd test/bench && $(GO) run . -filbert "$(CURDIR)/bin/filbert" -output "$(CURDIR)/out/bench" -hazelcast "$$("$(CURDIR)/scripts/hazelcast-jar.sh" || true)" \
		$(if $(QUICK),-quick) $(if $(KEYS),-keys $(KEYS)) $(if $(RUN),-run '$(RUN)') $(FLAGS)

.PHONY: microbench
microbench: ## All benchmarks of the packages: BENCH=regexp, COUNT=n
	$(GO) test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem -count $(COUNT) ./...

.PHONY: build
build: ## The static binary: bin/filbert
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/filbert ./cmd/filbert

.PHONY: fmt
fmt: tools ## Format the tree
	$(LINT) fmt

.PHONY: generate
generate: ## Write the generated code and pages anew
	$(GO) generate ./...

##@ Now and then

.PHONY: fuzz
fuzz: ## Every fuzz target for FUZZTIME=10s
	FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

.PHONY: figures
figures: build ## Measure what docs/figures.md records: FILTER=regexp of tests
	scripts/figures.sh $(if $(FILTER),"$(FILTER)")

.PHONY: suites
suites: build ## The clients' own suites: SUITES=folder of go.sh and node.sh, REF_DIR=checkouts of the clients, FILTER=regexp
	FILBERT_BIN="$(CURDIR)/bin/filbert" scripts/suites.sh $(if $(FILTER),"$(FILTER)")

.PHONY: clean
clean: ## Remove what was built; tools stay
	rm -rf bin/filbert bin/image out

.PHONY: image
image: ## Container images for amd64 and arm64 into bin/image, without Docker: IMAGE=name:tag
	cd build/image && $(GO) run . -go '$(GO)' -source '$(CURDIR)' -out '$(CURDIR)/bin/image' -ldflags '$(LDFLAGS)' \
		-name '$(IMAGE)' -version '$(VERSION)' -commit "$$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
		-created "$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 0)}"

.PHONY: image-test
image-test: ## Tests of the images: content, limits, the same bytes from two folders
	cd build/image && $(GO) test -count=1 -timeout 20m ./...

##@ Parts of check

.PHONY: tools
tools: ## Install the pinned linter into bin/tools
	@scripts/install-tools.sh

.PHONY: fmt-check
fmt-check: tools ## Fails when a file is not formatted
	@diff=$$($(LINT) fmt --diff 2>&1) || true; if [ -n "$$diff" ]; then echo "$$diff"; echo "not formatted: run make fmt" >&2; exit 1; fi

.PHONY: vet
vet: ## go vet, here and in the modules under test/ and build/
	$(GO) vet ./...
	@for module in $(MODULES); do echo "$(GO) vet in $$module"; (cd $$module && $(GO) vet ./...); done

.PHONY: lint
lint: tools ## golangci-lint, here and in the modules under test/ and build/
	$(LINT) run
	@for module in $(MODULES); do echo "golangci-lint run in $$module"; (cd $$module && $(LINT) run --config $(CURDIR)/.golangci.yml); done

.PHONY: generated
generated: ## Fails when generated code differs from its source
	@scripts/check-generated.sh

.PHONY: tidy
tidy: ## Fails when a go.mod or go.sum is not tidy
	$(GO) mod tidy -diff
	@for module in $(MODULES); do echo "$(GO) mod tidy -diff in $$module"; (cd $$module && $(GO) mod tidy -diff); done

.PHONY: arch
arch: ## Import order, confinements, determinism
	$(GO) test -count=1 -run 'Floors|Imports|Confinements|Package|Determin' .

.PHONY: promises
promises: ## The mutants, and their page, fit the code
	cd test/mutants && $(GO) test -count=1 -run '^TestList$$|^TestPage$$' .

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
