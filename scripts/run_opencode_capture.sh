#!/usr/bin/env bash
# Captures one issue: ./scripts/run_opencode_capture.sh --issue fix_math_utils
set -euo pipefail
root="$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)"
make --silent --no-print-directory -C "$root" build >&2
exec node "$root/dist/cli/main.js" run "$@"
