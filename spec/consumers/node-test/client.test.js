import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect$ } from 'rx-happy-eyeballs';
import { connects, expectRace, explore, hangs, virtualNetwork } from 'rx-happy-eyeballs/testing';
import { read } from './client.js';

const six = '2001:db8::1';
const four = '192.0.2.1';
const lines = (socket) => socket.on('data', (key) => socket.write(`value of ${key}`));

describe('our client, tested by node:test', () => {
  it('falls back within 300 ms when IPv6 is dead', async () => {
    const network = virtualNetwork({ dns: [six, four], endpoints: { [six]: hangs(), [four]: connects(40, lines) } });
    const { value, finish, winner } = await network.settle(read('db.example', 'size', network));
    assert.deepEqual([value, winner], ['value of size', four]);
    assert.ok(finish <= 300, `${finish} ms`);
    network.expectClean();
  });

  it('gives up a server that says nothing', async () => {
    const network = virtualNetwork({ dns: [six], endpoints: { [six]: connects(10) } });
    const { error, finish, leaks } = await network.settle(read('db.example', 'size', network));
    assert.deepEqual([error.message, finish, leaks], ['no answer', 1010, []]);
  });

  it('is told in a drawing what was otherwise', () => {
    const table = {
      rows: [
        [six, 600, 'connects'],
        [four, 40, 'connects'],
      ],
      finish: 200,
    };
    assert.throws(() => expectRace(connect$, table), /finish +290 ms +200 ms +◄/);
  });

  it('needs fast-check to explore, and for nothing else', async () => {
    await assert.rejects(
      explore(() => undefined),
      /explore\(\) needs the package fast-check, which is not installed/,
    );
  });
});
