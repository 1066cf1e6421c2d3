#!/usr/bin/env bash
# Installs the packed package beside each version of its peers that its ranges promise, and uses it: whether npm installs them
# together, and whether what stands on the peer works. Usage: scripts/test-peers.sh [NODE]; default: the `node` of the path.
# Needs the built package (npm run build).
set -euo pipefail
cd "$(dirname "$0")/.."

node=${1:-$(command -v node)}
major=$("$node" -p 'parseInt(process.versions.node)')
. scripts/pack.sh

# The oldest of all, the newest of all that this Node runs.
sets=(
  'rxjs@7.8.0 undici@6 fast-check@3 prom-client@14 @opentelemetry/api@1.9.0'
  'rxjs@7.8 undici@7 fast-check@4 prom-client@15 @opentelemetry/api@1'
)
# Undici 8 runs on Node 22.19 or later.
[ "$major" -lt 22 ] || sets+=('rxjs@7.8 undici@8')

for set in "${sets[@]}"; do
  printf '\n== Node.js %s, %s\n' "$("$node" --version)" "$set"
  folder=$work/$(echo "$set" | tr -c 'a-z0-9\n' '-')
  mkdir "$folder"
  cp spec/consumers/peers/*.mjs "$folder"
  cd "$folder"
  echo '{ "private": true }' >package.json
  # shellcheck disable=SC2086
  npm install --prefer-offline --no-audit --no-fund --loglevel=error "$work/rx-happy-eyeballs.tgz" $set
  for program in *.mjs; do
    "$node" "$program"
  done
  cd - >/dev/null
done

printf '\nThe package works beside all of its peers.\n'
