import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstValueFrom } from 'rxjs';
import { echoReport } from '../../../src/cli/check/probe/echo.js';
import { fixedStopwatch, stopwatch, type Probing } from '../../../src/cli/check/probe/probing.js';
import { activeResources, leftOver } from '../../support/fixtures.js';

const folder = mkdtempSync(join(tmpdir(), 'rx-happy-eyeballs-ping-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A `ping` of our own. */
function program(script: string): string {
  const file = join(folder, `ping-${Math.random()}`);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const probing = (ping: string, changes: Partial<Probing> = {}): Probing => ({
  timeout: 5000,
  query: {},
  tls: {},
  ping,
  stopwatch,
  now: () => new Date(0),
  ...changes,
});

const echo = (ping: string, changes: Partial<Probing> = {}) =>
  firstValueFrom(echoReport({ address: '::1', family: 6 }, probing(ping, changes)));

describe('an ICMP echo', () => {
  it('is one, without look-ups, to the address', async () => {
    const ping = program('echo "64 bytes from ::1: icmp_seq=1 ttl=64 time=1$#.25 ms"; test "$*" = "-n -c 1 ::1"');
    await expect(echo(ping)).resolves.toEqual({ outcome: 'answered', time: 14.3, reason: null });
  });

  it.each([
    ['64 bytes from ::1: icmp_seq=1 ttl=64 time=0.042 ms', 0],
    ['Reply from ::1: time<1ms', 1],
  ])('takes as long as %j says', async (line, time) => {
    await expect(echo(program(`echo "${line}"`))).resolves.toMatchObject({ outcome: 'answered', time });
  });

  it('takes as long as the program where that does not say, and 10 ms by a fixed clock', async () => {
    const { time } = await echo(program('sleep 0.05'));
    expect(time).toBeGreaterThan(40);
    await expect(echo(program('echo time=7 ms'), { stopwatch: fixedStopwatch })).resolves.toMatchObject({ time: 10 });
  });

  it('is not answered where the program says no more than that', async () => {
    const unanswered = { outcome: 'unanswered', time: null, reason: null };
    await expect(echo(program('echo "1 packets transmitted, 0 received"; exit 1'))).resolves.toEqual(unanswered);
  });

  it('is not answered in time where the program does not end, which is then ended', async () => {
    const before = activeResources();
    await expect(echo(program('exec sleep 60'), { timeout: 50 })).resolves.toMatchObject({ outcome: 'unanswered' });
    await expect(leftOver(before)).resolves.toEqual({});
  });

  it.each([
    ['complains', 'echo "ping: socket: Operation not permitted" >&2; exit 2', 'ping: socket: Operation not permitted'],
    ['complains at length', 'echo one >&2; echo two >&2; exit 1', 'two'],
  ])('is not known where the program %s', async (_, script, reason) => {
    await expect(echo(program(script))).resolves.toEqual({ outcome: 'unknown', time: null, reason });
  });

  it('is not known without the program', async () => {
    const missing = join(folder, 'missing');
    await expect(echo(missing)).resolves.toEqual({ outcome: 'unknown', time: null, reason: `there is no program ${missing}` });
    writeFileSync(missing, '');
    await expect(echo(missing)).resolves.toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('EACCES') });
  });

  it('ends the program when it is unsubscribed', async () => {
    const before = activeResources();
    const running = echoReport({ address: '::1', family: 6 }, probing(program('exec sleep 60'))).subscribe();
    await sleep(50);
    running.unsubscribe();
    await expect(leftOver(before)).resolves.toEqual({});
  });
});
