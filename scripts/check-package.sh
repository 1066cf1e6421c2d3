#!/usr/bin/env bash
# Checks the package as its users get it: packs what was built, installs that in a directory of its own, and uses it.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

step() { printf '\n== %s\n' "$1"; }
installed() { node -p "require('./node_modules/$1/package.json').version"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step 'the files of the package, with the links of its documents'
node scripts/stage-package.mjs
node scripts/package-contents.mjs packed

step 'npm pack'
npm pack ./packed --ignore-scripts --loglevel=error --pack-destination "$work"
tarball=$(echo "$work"/*.tgz)
tar -tzf "$tarball" | sort

step 'publint'
node_modules/.bin/publint run "$tarball" --strict

step 'attw'
node_modules/.bin/attw "$tarball" --profile node16 --format ascii --no-color

step 'npm install of the packed package'
tsc=$PWD/node_modules/typescript/bin/tsc
packages=("$tarball" "rxjs@$(installed rxjs)" "@types/node@$(installed @types/node)")
packages+=("@opentelemetry/api@$(installed @opentelemetry/api)" "prom-client@$(installed prom-client)")
cd "$work"
echo '{ "private": true }' >package.json
npm install --prefer-offline --no-audit --no-fund --loglevel=error "${packages[@]}"

step 'import in an ES module'
cat >esm.mjs <<'EOF'
import assert from 'node:assert/strict';
import { connect$, ConnectionError } from 'rx-happy-eyeballs';
import { traceRaces } from 'rx-happy-eyeballs/otel';
import { timeline } from 'rx-happy-eyeballs/pictures';
import { pass } from 'rx-happy-eyeballs/policy';
import { countRaces } from 'rx-happy-eyeballs/prometheus';
import { race } from 'rx-happy-eyeballs/core';
import { proxy$ } from 'rx-happy-eyeballs/proxy';
import { redisHistory } from 'rx-happy-eyeballs/redis';
import { connects, virtualNetwork } from 'rx-happy-eyeballs/testing';

const proxy = proxy$({ listen: '127.0.0.1:0' }).subscribe(({ type }) => {
  assert.equal(type, 'listening');
  proxy.unsubscribe();
});
traceRaces()();
countRaces()();
assert.throws(() => redisHistory({ client: 5 }), { code: 'ERR_INVALID_ARG_TYPE' });
assert.equal(typeof connect$, 'function');
assert.equal(typeof timeline([]), 'string');
assert.equal(typeof race, 'function');
assert.equal(typeof ConnectionError, 'function');
assert.equal(String(pass.and(pass)), 'pass & pass');
const network = virtualNetwork({ endpoints: { '::1': connects(5) } });
assert.equal(network.run(connect$('::1', 80, network)).finish, 5);
EOF
node esm.mjs

step 'require in a CommonJS module'
cat >cjs.cjs <<'EOF'
const assert = require('node:assert/strict');
const { connect$, ConnectionError } = require('rx-happy-eyeballs');
const { traceRaces } = require('rx-happy-eyeballs/otel');
const { timeline } = require('rx-happy-eyeballs/pictures');
const { pass } = require('rx-happy-eyeballs/policy');
const { countRaces } = require('rx-happy-eyeballs/prometheus');
const { race } = require('rx-happy-eyeballs/core');
const { proxy$ } = require('rx-happy-eyeballs/proxy');
const { redisHistory } = require('rx-happy-eyeballs/redis');
const { connects, virtualNetwork } = require('rx-happy-eyeballs/testing');

traceRaces()();
countRaces()();
assert.throws(() => redisHistory({ client: 5 }), { code: 'ERR_INVALID_ARG_TYPE' });
assert.equal(typeof connect$, 'function');
assert.throws(() => proxy$({ listen: '0.0.0.0:0' }), { code: 'ERR_INVALID_ARG_VALUE' });
assert.equal(typeof timeline([]), 'string');
assert.equal(typeof race, 'function');
assert.equal(typeof ConnectionError, 'function');
assert.equal(String(pass.and(pass)), 'pass & pass');
const network = virtualNetwork({ endpoints: { '::1': connects(5) } });
assert.equal(network.run(connect$('::1', 80, network)).finish, 5);
EOF
node cjs.cjs

step 'errors and policies across both copies in one process'
cat >both.mjs <<'EOF'
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as esm from 'rx-happy-eyeballs';

const require = createRequire(import.meta.url);
const cjs = require('rx-happy-eyeballs');
assert.equal(esm.ConnectionError, cjs.ConnectionError, 'two copies');

// As in a bundle.
const bundled = await import('./node_modules/rx-happy-eyeballs/dist/module/index.mjs');
assert.notEqual(bundled.ConnectionError, cjs.ConnectionError, 'one copy only');

async function errorOf({ connect$, staticResolver }) {
  return new Promise((resolve, reject) => {
    const next = () => reject(new Error('it connected'));
    connect$('example.com', 80, { resolver: staticResolver([]) }).subscribe({ next, error: resolve });
  });
}

for (const error of [await errorOf(bundled), await errorOf(cjs)]) {
  assert.ok(error instanceof bundled.ConnectionError);
  assert.ok(error instanceof cjs.ConnectionError);
}
assert.ok(!(new Error('another') instanceof bundled.ConnectionError));

const { pass } = require('rx-happy-eyeballs/policy');
const { never } = await import('./node_modules/rx-happy-eyeballs/dist/module/policy.mjs');
assert.equal(String(pass.and(never)), 'pass & never');
EOF
node both.mjs

step 'what Node loads for an entry, in kB of this package'
node "$root/scripts/sizes.mjs" "$work"

step 'the command line'
node_modules/.bin/rx-happy-eyeballs --version
node_modules/.bin/rx-happy-eyeballs run -- node -e 'process.exit(process.env.https_proxy ? 0 : 1)'

step 'types in an ES module and in a CommonJS module'
for consumer in consumer.mts consumer.cts; do
  cat >"$consumer" <<'EOF'
import { connect$ } from 'rx-happy-eyeballs';
import { traceRaces } from 'rx-happy-eyeballs/otel';
import { countRaces } from 'rx-happy-eyeballs/prometheus';
import { proxy$, type ProxyEvent } from 'rx-happy-eyeballs/proxy';

proxy$({ route: ({ host }) => ({ partition: host }) }).subscribe((event: ProxyEvent) => event.time);
traceRaces({ attempts: 'events' });
countRaces({ prefix: 'example_' });
import { virtualNetwork } from 'rx-happy-eyeballs/testing';

const network = virtualNetwork();
connect$('localhost', 80, { ...network, connectTimeout: 300 }).subscribe((socket) => socket.end());
connect$('localhost', 80).subscribe((socket) => socket.end());
connect$('localhost', 80).subscribe((socket) => {
  // @ts-expect-error -- the socket is not `any`
  socket.isNoSocket;
});
EOF
done
node "$tsc" --noEmit --strict --module NodeNext --target ES2022 --types node consumer.mts consumer.cts

printf '\nThe package is in order.\n'
