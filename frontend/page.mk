# The page: built on a fresh clone, and again only when its sources change.
PAGE := gstreamer/page/.built
PAGE_SOURCES := $(shell find frontend -type f -not -path '*/node_modules/*' -not -name '*.md')
PAGE_SH = UV="$(abspath $(UV))" PYTHON="$(abspath $(BIN)/python)" sh frontend/page.sh

.PHONY: page page-dev page-check

page: $(PAGE)  ## Build the page if its sources changed

$(PAGE): $(PAGE_SOURCES) requirements-page.lock | setup
	@$(PAGE_SH) build

page-dev: setup  ## Serve the page on port 5173 as it is edited, in front of a running gstreamer
	@$(PAGE_SH) dev

page-check: setup  ## Types, lint, style and unit tests of the page
	@$(PAGE_SH) check
