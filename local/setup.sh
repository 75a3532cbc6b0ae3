#!/usr/bin/env bash
# Make the two virtual environments this project works in; does nothing when they match their locks.
#   .venv        tests, checks and the local glue         (requirements/dev.txt)
#   .local/venv  the emulator and the SAM command line     (requirements/local.txt)
# Usage: local/setup.sh [dev|all]      PYTHON=/path/to/python chooses the interpreter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV

say() { printf '%s\n' "$*" >&2; }
fail() { say "setup: $*"; exit 1; }

# The newest layer lock covers 3.11 to 3.13. A name on PATH may be a shim that cannot run: try it.
find_python() {
  local candidate
  for candidate in ${PYTHON:-} .venv/bin/python python3.11 python3.12 python3.13 python3; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      "$candidate" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))'
      return
    fi
  done
  fail "no Python 3.11, 3.12 or 3.13 found. Install one (Debian: apt-get install python3 python3-venv), or run: PYTHON=/path/to/python make setup"
}

# Debian ships Python without ensurepip; only root can mend that without asking.
ensure_venv_module() {
  "$1" -c 'import ensurepip, venv' 2>/dev/null && return
  local package
  package="$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null ||
    fail "this Python cannot make virtual environments. Run: sudo apt-get install $package"
  say "setup: installing $package"
  apt-get install -y -qq "$package" >/dev/null 2>&1 ||
    { apt-get update -qq >/dev/null && apt-get install -y -qq "$package" >/dev/null; } ||
    fail "apt-get could not install $package"
}

stamp_of() { { cat "$1"; .venv/bin/python -VV 2>/dev/null; } | sha256sum | cut -d' ' -f1; }

is_current() { [[ -f $1/.stamp && "$(<"$1/.stamp")" == "$(stamp_of "$2")" ]]; }

# uv installs these in seconds where pip takes a minute; its own line in the lock carries its hash.
bootstrap_uv() {
  [[ -x .venv/bin/uv ]] && return
  local line
  line="$(mktemp)"
  sed -n '/^uv==/,/[^\\]$/p' requirements/dev.txt >"$line"
  .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r "$line" ||
    say "setup: uv is not to be had, pip does it (slower)"
  rm -f "$line"
}

# uv does not read pip's configuration: hand it the registry that pip was told to use.
use_pips_registry() {
  local index
  index="${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}"
  [[ -z $index || -n ${UV_DEFAULT_INDEX:-} ]] || export UV_DEFAULT_INDEX="$index"
}

install_locked() {
  local venv=$1 lock=$2 started=$SECONDS
  say "setup: installing $(grep -c '^[A-Za-z0-9]' "$lock") packages into $venv"
  rm -f "$venv/.stamp"
  # Byte code is compiled here, once: machines that set PYTHONDONTWRITEBYTECODE would pay at every start.
  if ! { [[ -x .venv/bin/uv ]] && .venv/bin/uv pip sync --quiet \
         --require-hashes --compile-bytecode --python "$venv/bin/python" "$lock"; }; then
    env -u PYTHONDONTWRITEBYTECODE "$venv/bin/python" -m pip install -qq --disable-pip-version-check \
      --require-hashes -r "$lock" || fail "could not install $lock (the lines above say why)"
  fi
  stamp_of "$lock" >"$venv/.stamp"
  say "setup: $venv is ready ($((SECONDS - started)) s)"
}

ensure_environment() {
  local venv=$1 lock=$2
  is_current "$venv" "$lock" && return
  if ! "$venv/bin/python" -c '' 2>/dev/null; then
    local python
    python="$(find_python)"
    ensure_venv_module "$python"
    say "setup: creating $venv with $("$python" -V)"
    mkdir -p "$(dirname "$venv")"
    # uv makes one in no time; the first must have pip, which fetches uv (and which sam build needs).
    .venv/bin/uv venv --quiet --clear --python "$python" "$venv" 2>/dev/null ||
      "$python" -m venv --clear "$venv"
  fi
  bootstrap_uv
  use_pips_registry
  install_locked "$venv" "$lock"
}

# Whatever runs in .venv imports our package from its source, as the functions do from their layer.
link_package() {
  local link
  link="$(echo .venv/lib/python3.*/site-packages)/rapport.pth"
  [[ -f $link && "$(<"$link")" == "$PWD/layers/rapport" ]] || echo "$PWD/layers/rapport" >"$link"
}

ensure_environment .venv requirements/dev.txt
link_package
if [[ ${1:-all} == all ]]; then
  ensure_environment .local/venv requirements/local.txt
fi
