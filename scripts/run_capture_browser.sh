#!/usr/bin/env bash
# Serves the captures as a page: ./scripts/run_capture_browser.sh [--host 127.0.0.1] [--port 8765]
# [--open] [--token [TOKEN]] [--allow-run: captures may be started from the page]
set -euo pipefail
root="$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)"
make --silent --no-print-directory -C "$root" build >&2
exec node "$root/dist/cli/main.js" browse "$@"
