# shellcheck shell=bash
# Shared by the scripts beside it (sourced, not run): where things lie, how to speak, how many jobs to start.
set -euo pipefail

# shellcheck disable=SC2034  # for the scripts
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '==> %s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  if [ $# -gt 0 ]; then printf '%s\n' "$@" >&2; fi
  exit 1
}

# Prints the comment at the top of a script as its help text.
usage_of() { sed -n '2,/^$/{s/^# \{0,1\}//p}' "$1"; }

# One job a core, but never more than memory allows: a file that includes LibTorch takes about 1.5 GB to compile.
build_jobs() {
  local cores available
  cores=$(nproc 2>/dev/null || echo 1)
  available=$(awk '/^MemAvailable:/ { print int($2 / 1572864) }' /proc/meminfo 2>/dev/null || echo "$cores")
  [ "${available:-0}" -ge 1 ] || available=1
  if [ "$available" -lt "$cores" ]; then echo "$available"; else echo "$cores"; fi
}

# The first Python that LibTorch's wheels are made for; one from a version manager may stand before the system's.
find_python() {
  local candidate
  for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}
