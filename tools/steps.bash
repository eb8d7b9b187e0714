# Sourced by the scripts of this repository, from its root. One line per step on stdout with the
# seconds it took; what the step itself printed goes to .cache/logs, and is shown when it fails.
# shellcheck shell=bash

export LC_ALL=C.UTF-8
steps_logs=.cache/logs

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# step "label" command...: runs the command quietly. Its failure ends the script. Not to be called
# under `if`, `||` or `!`: the shell would then run on after a failed line of a function.
step() {
  local label=$1 begun=$SECONDS log status
  shift
  mkdir -p "$steps_logs"
  log=$steps_logs/$(printf '%s' "$label" | tr -cs 'A-Za-z0-9.' '-').log
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1 </dev/null
  status=$?
  set -e
  if ((status != 0)); then
    printf '%-58s failed after %d s\n' "$label" "$((SECONDS - begun))"
    tail -n 40 "$log" >&2
    printf 'error: "%s" failed with status %d; everything it printed: %s\n' \
      "$label" "$status" "$log" >&2
    exit 1
  fi
  printf '%-58s %4d s\n' "$label" "$((SECONDS - begun))"
}

# as_root command...: runs it as root, through sudo where this user is not root.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo --preserve-env=DEBIAN_FRONTEND,http_proxy,https_proxy,no_proxy "$@"
  else
    fail "this needs root, and sudo is not installed: $*"
  fi
}

# version_at_least HAVE WANT: true when the dotted version HAVE is not older than WANT.
version_at_least() {
  [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]
}
