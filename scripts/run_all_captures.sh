#!/usr/bin/env bash
# Captures every issue, one after another: ./scripts/run_all_captures.sh
set -euo pipefail
root="$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)"
make --silent --no-print-directory -C "$root" build >&2
exec node "$root/dist/cli/main.js" all "$@"
