.PHONY: help build test race lint clients fuzz simulate points kill9 long money mutate update bench bench-peers bench-parts cover ci

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-11s %s\n", $$1, $$2}'

build: ## build the static binary bin/tasks
	CGO_ENABLED=0 go build -trimpath -o bin/tasks ./cmd/tasks

test: ## run all tests
	go test ./...

race: ## run the tests of packages with goroutines under the race detector
	go test -race -short ./golem/... ./runner/... ./policies/...

lint: ## gofmt, vet and staticcheck
	@test -z "$$(gofmt -l cmd golem policies runner spec *.go)" || (gofmt -l cmd golem policies runner spec *.go; exit 1)
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

clients: build ## run other people's clients against the devnet (wants node and npm)
	clients/install
	cd clients && node run.mjs

fuzz: ## fuzz every target for a short while
	go test -run '^$$' -fuzz FuzzParse -fuzztime 30s ./spec
	go test -run '^$$' -fuzz FuzzParse -fuzztime 30s ./spec/scenario
	go test -run '^$$' -fuzz FuzzCompile -fuzztime 30s ./policies
	go test -run '^$$' -fuzz FuzzEvents -fuzztime 30s ./golem
	go test -run '^$$' -fuzz FuzzBatchEvents -fuzztime 30s ./golem
	go test -run '^$$' -fuzz FuzzParse -fuzztime 30s ./golem/devnet/match
	go test -run '^$$' -fuzz FuzzRequests -fuzztime 30s ./golem/devnet

SEEDS ?= 500
FROM ?= 1
simulate: ## simulate SEEDS worlds from seed FROM, with everything that can go wrong
	cd runner/simulation && go test -timeout 0 -run TestSeeds -seeds $(SEEDS) -from $(FROM)

points: ## let a process die at every write and every call of one run
	cd runner/simulation && go test -timeout 0 -run TestCrashPoints -apart 1

N ?= 20
kill9: ## kill the real program N times at random moments, and compare
	go test -timeout 0 -count 1 -v ./cmd/tasks -run TestKill9 -kills $(N)

DAYS ?= 30
long: ## leave an endless run alone for DAYS simulated days, on a market that changes
	cd runner/simulation && go test -timeout 0 -run TestLong -days $(DAYS)

MARKETS ?= 5
money: ## compare what rules of choosing offers cost, on MARKETS markets
	cd runner/simulation && go test -timeout 0 -count 1 -run TestChoice -choice-tasks 20000 -choice-workers 10 -choice-seeds $(MARKETS)

mutate: ## break the rules of money one by one, and see the simulation notice
	runner/simulation/mutate

update: ## rewrite the golden files from what the code does now
	go test ./spec/... ./runner/state ./cmd/tasks -update

bench: build ## measure the whole program; BENCH has further arguments, see docs/performance.md
	go run ./cmd/bench -tasks bin/tasks -plot docs/performance.svg $(BENCH)

bench-peers: build ## measure the program against @golem-sdk/task-executor (wants node and npm)
	clients/install npm
	go run ./cmd/bench -tasks bin/tasks -only peers $(BENCH)

bench-parts: ## run the benchmarks of the packages
	go test -run '^$$' -bench . -benchmem $$(go list ./... | grep -v /cmd/bench)

cover: ## coverage of the tests, by package
	go test -cover ./...

ci: ## what CI runs
	.ci/run
