#!/usr/bin/env bash
# Pin every dependency with its hashes. The locks name no index: each machine uses its own registry.
# Usage: local/lock.sh [--upgrade]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

compile() {
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --strip-extras --no-emit-index-url --custom-compile-command "make lock" "$@"
}

# The layer first: .venv takes the very versions the functions run on.
compile "$@" layers/dependencies/requirements.in --output-file layers/dependencies/requirements.txt
compile "$@" requirements/dev.in --output-file requirements/dev.txt
compile "$@" requirements/local.in --output-file requirements/local.txt
