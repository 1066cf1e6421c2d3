#!/usr/bin/env bash
# Compiles against the packed package with the TypeScripts that its users have, and by each way in which they find modules.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/pack.sh
cp spec/consumers/types/* "$work"
installed() { node -p "require('./node_modules/$1/package.json').version"; }
packages=("rxjs@$(installed rxjs)" "@types/node@$(installed @types/node)" "undici@$(installed undici)")
packages+=("@opentelemetry/api@$(installed @opentelemetry/api)" "prom-client@$(installed prom-client)")
versions=(5.4 5.9 6.0)
for version in "${versions[@]}"; do packages+=("typescript-$version@npm:typescript@~$version.0"); done
entries=$(node -p "Object.keys(require('./package.json').exports).filter((name) => name !== './package.json').map((name) => name.slice(1)).join(' ')")

cd "$work"
echo '{ "private": true }' >package.json
npm install --prefer-offline --no-audit --no-fund --loglevel=error --force ./rx-happy-eyeballs.tgz "${packages[@]}"

# Each entry by name, with something of it that has a type.
i=0
for entry in $entries; do echo "import * as e$i from 'rx-happy-eyeballs${entry}'; export type E$i = keyof typeof e$i;" && i=$((i + 1)); done >entries.ts

for version in "${versions[@]}"; do
  tsc=(node "node_modules/typescript-$version/bin/tsc" --noEmit --strict --target ES2022 --types node --pretty false)
  ways=('NodeNext' 'ESNext --moduleResolution Bundler')
  # TypeScript 6 says that this one will go, and 7 does without.
  if [ "$version" = 6.0 ]; then ways+=('CommonJS --moduleResolution Node10 --ignoreDeprecations 6.0'); else ways+=('CommonJS --moduleResolution Node10'); fi
  for way in "${ways[@]}"; do
    for exact in true false; do
      printf '%s, %s, exactOptionalPropertyTypes %s\n' "$version" "$way" "$exact"
      # shellcheck disable=SC2086
      "${tsc[@]}" --module $way --exactOptionalPropertyTypes "$exact" --skipLibCheck accepted.ts refused.ts entries.ts >said.txt || true
      node -e "
        const problems = require('./expectations.cjs').problemsOf(require('node:fs').readFileSync('said.txt', 'utf8'), 'refused.ts');
        if (problems.length > 0) { console.error(problems.join('\n')); process.exit(1); }"
    done
  done
  # The declarations themselves, with nothing skipped: as an ES module has them, and as CommonJS without default imports has them.
  "${tsc[@]}" --module NodeNext entries.ts
  # shellcheck disable=SC2086
  "${tsc[@]}" --module ${ways[-1]} --esModuleInterop false entries.ts
done

printf '\nThe types are as they must be.\n'
