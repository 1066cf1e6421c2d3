// Node's fetch, and undici's own, through dispatchers of this package.
import assert from 'node:assert/strict';
import http from 'node:http';
import { fetch as undiciFetch, request } from 'undici';
import { staticResolver } from 'rx-happy-eyeballs';
import { createDispatcher, installGlobal } from 'rx-happy-eyeballs/undici';

const server = http.createServer((_request, response) => response.end('hello'));
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const url = `http://web.example:${server.address().port}/`;
const options = { race: { resolver: staticResolver(['127.0.0.1']) } };

const dispatcher = createDispatcher(options);
assert.equal(await (await fetch(url, { dispatcher })).text(), 'hello');
assert.equal(await (await undiciFetch(url, { dispatcher })).text(), 'hello');
assert.equal(await (await request(url, { dispatcher })).body.text(), 'hello');

const uninstall = installGlobal(options);
assert.equal(await (await fetch(url)).text(), 'hello');
assert.equal(await (await undiciFetch(url)).text(), 'hello');
assert.equal(await (await request(url)).body.text(), 'hello');
uninstall();
await assert.rejects(fetch(url));
process.exit();
