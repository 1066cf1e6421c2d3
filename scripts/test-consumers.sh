#!/usr/bin/env bash
# Tests small projects as they are outside: copies them out, installs the packed package into them, and runs their own test runners.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/pack.sh
cp -r spec/consumers/. "$work"

for project in node-test vitest jest; do
  printf '\n== %s\n' "$project"
  cd "$work/$project"
  npm install --prefer-offline --no-audit --no-fund --loglevel=error
  npm test
done

printf '\nAll consumers are content.\n'
