import { once } from 'node:events';
import type net from 'node:net';
import { defer, from, lastValueFrom, Observable, tap, toArray } from 'rxjs';
import { blackhole } from '../../src/cli/lab.js';
import { firstSuccess, race$, staticResolver, tcp, type Endpoint, type RaceOptions } from '../../src/index.js';
import { runNode } from '../support/dist.js';
import { open, tcpServer } from '../support/fixtures.js';

const BLOCKED = 150;

/** Lets the program compute, so that neither timers nor sockets are seen to. */
function block(): void {
  const until = performance.now() + BLOCKED;
  while (performance.now() < until);
}

/** TCP, with the event loop blocked as soon as the first packet is out: before that the kernel cannot connect. */
const blocking = (endpoint: Endpoint) =>
  new Observable<net.Socket>((subscriber) => {
    const attempt = from(tcp()(endpoint, () => undefined)).subscribe(subscriber);
    // Node connects in a `nextTick` of its own, which is before this one.
    process.nextTick(block);
    return attempt;
  });

/** What becomes of the attempts of a race to ::1 and 127.0.0.1 in which each blocks the event loop. */
async function raced(port: number, options: RaceOptions): Promise<string[]> {
  const resolver = staticResolver(['::1', '127.0.0.1']);
  const events$ = race$('example.com', port, { resolver, transport: blocking, ...options });
  const destroyed$ = events$.pipe(tap((event) => event.type === 'connected' && event.value.destroy()));
  const events = await lastValueFrom(destroyed$.pipe(toArray()));
  return events.flatMap((event) => ('endpoint' in event ? [`${event.type} ${event.endpoint.address}`] : []));
}

describe('an event loop that is blocked while the kernel connects', () => {
  it.each<[string, RaceOptions]>([
    ['connectTimeout', { connectTimeout: 50 }],
    ['attemptTimeout', { attemptTimeout: 50 }],
    ['the attempt delay, and starts no second attempt', { connectionAttemptDelay: 50 }],
    ['all three', { connectTimeout: 51, attemptTimeout: 50, connectionAttemptDelay: 49 }],
    ['the spacing and the stagger', { familyStaggerDelay: 50, attemptSpacingDelay: 50 }],
  ])('[A17] wins what has connected, for longer than %s', async (_, options) => {
    const { port } = await tcpServer('::1', 0);
    await tcpServer('127.0.0.1', port);
    expect(await raced(port, options)).toEqual(['started ::1', 'connected ::1']);
  });

  it('[A17] learns of a refusal before it starts another attempt by the delay', async () => {
    const { port } = await tcpServer('127.0.0.1', 0);
    expect(await raced(port, { connectionAttemptDelay: 50 })).toEqual([
      'started ::1',
      'failed ::1',
      'started 127.0.0.1',
      'connected 127.0.0.1',
    ]);
  });

  it('[A17] lets no attempt give way that has connected', async () => {
    const { port } = await tcpServer('::1', 0);
    await open(blackhole('127.0.0.1', port));
    const options = {
      maxConcurrentAttempts: 1,
      connectionAttemptDelay: 10,
      minimumConnectionAttemptDelay: 10,
      maximumConnectionAttemptDelay: 50,
    };
    expect(await raced(port, options)).toEqual(['started ::1', 'connected ::1']);
  });

  it('[A17] is out of time all the same when nothing has connected', async () => {
    const { port } = await open(blackhole('::1'));
    await open(blackhole('127.0.0.1', port));
    await expect(raced(port, { connectTimeout: 50 })).rejects.toMatchObject({ code: 'ETIMEDOUT', reason: 'timeout' });
  });

  it('[A17] holds for what firstSuccess races as well', async () => {
    const { port } = await tcpServer('::1', 0);
    const begun: string[] = [];
    const source = (address: string) =>
      defer(() => {
        begun.push(address);
        return blocking({ address, family: 6, port });
      });
    const socket = await lastValueFrom(firstSuccess([source('::1'), source('::1%lo')], { delay: 50 }));
    socket.destroy();
    expect(begun).toEqual(['::1']);
  });
});

it('[A17] a process that was stopped and goes on loses no connection that it had made', async () => {
  const { port } = await tcpServer('::1', 0);
  const program = `
    import { connect, staticResolver, tcp } from './dist/index.mjs';
    const plain = tcp();
    const stopping = (endpoint) => {
      process.nextTick(() => process.nextTick(() => process.kill(process.pid, 'SIGSTOP')));
      return plain(endpoint);
    };
    const options = { resolver: staticResolver(['::1', '127.0.0.1']), transport: stopping, connectTimeout: 100, attemptTimeout: 90 };
    const socket = await connect('example.com', ${port}, options);
    console.log(socket.remoteAddress);
    socket.destroy();
  `;
  const { child, ended } = runNode('--input-type=module', '-e', program);
  const exited = once(child, 'exit');
  // Long enough for the program to begin on a busy machine; until it has stopped, to go on means nothing to it.
  const going = setInterval(() => child.kill('SIGCONT'), 500);
  await exited;
  clearInterval(going);
  expect(await ended).toMatchObject({ status: 0, stdout: '::1\n', stderr: '' });
}, 20_000);
