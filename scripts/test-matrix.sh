#!/usr/bin/env bash
# Runs the specs of what depends on Node's inside on several versions of Node, which come from the npm package `node`.
# Usage: scripts/test-matrix.sh [VERSION …]; default: 20 22 24 26. Needs the built package (npm run build). With CLIENTS=N also a
# sample of N of the clients in spec/clients, once `npm run test:clients` has installed them.
set -euo pipefail
cd "$(dirname "$0")/.."

versions=("$@")
[ $# -gt 0 ] || versions=(20 22 24 26)
specs=(spec/node spec/stand-in)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for version in "${versions[@]}"; do
  npm install --prefix "$work/$version" --no-audit --no-fund --loglevel=error "node@$version"
  node=$work/$version/node_modules/node/bin/node
  printf '\n== Node.js %s\n' "$("$node" --version)"
  PATH="$(dirname "$node"):$PATH" "$node" node_modules/jest/bin/jest.js "${specs[@]}"
  [ -z "${CLIENTS:-}" ] || node spec/clients/run.mjs --node "$node" --sample "$CLIENTS"
done
