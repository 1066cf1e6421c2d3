import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { RaceSocket } from '../../src/stand-in/race-socket.js';
import { open, tcpServer } from '../support/fixtures.js';

// On a busy machine the second connection may be up before the 5 ms of the first look-up are over, in one of the two stories.
jest.retryTimes(3);

const HOST = 'raced.example';
const [GOOD, OTHER, REFUSING] = ['127.0.0.1', '127.0.0.3', '127.0.0.2'];

const giving =
  (...addresses: readonly string[]): net.LookupFunction =>
  (_host, { all }, callback) => {
    const found = addresses.map((address) => ({ address, family: 4 }));
    setTimeout(() => {
      if (all) callback(null, found);
      else callback(null, addresses[0]!, 4);
    }, 5);
  };

const EVENTS = ['connectionAttempt', 'connectionAttemptFailed', 'connect', 'error', 'close'];

/** What a socket emits that is told to connect again. */
async function story(socket: net.Socket, first: object, moment: string, second: object): Promise<string[]> {
  const diary: string[] = [];
  for (const event of EVENTS) {
    socket.on(event, (...told: unknown[]) => {
      const error = told.find((one): one is NodeJS.ErrnoException => typeof one === 'object' && one !== null && 'code' in one);
      diary.push([event, error?.code ?? (event === 'connectionAttempt' ? told[0] : '')].join(' '));
    });
  }
  socket.resume().connect(first as net.SocketConnectOpts);
  if (moment === 'at once') socket.connect(second as net.SocketConnectOpts);
  else socket.once(moment, () => socket.connect(second as net.SocketConnectOpts));
  await Promise.race([once(socket, 'close').catch(() => undefined), sleep(300)]);
  await sleep(5);
  socket.destroy();
  return diary;
}

describe.each([
  ['the first address connects', [GOOD, OTHER]],
  ['the first address refuses', [REFUSING, GOOD]],
])('a second connect(), where %s', (_how, addresses) => {
  const moments = ['at once', 'lookup', 'connectionAttempt', ...(addresses[0] === REFUSING ? ['connectionAttemptFailed'] : [])];

  it.each(moments)('to an address, at this moment, ends as Node’s does: %s', async (moment) => {
    const { port } = await open(tcpServer(GOOD, 0, (socket) => socket.end('hello')));
    const first = { host: HOST, port, lookup: giving(...addresses), autoSelectFamily: true };
    const second = { host: GOOD, port };
    const native = await story(new net.Socket(), first, moment, second);
    expect(await story(new RaceSocket(), first, moment, second)).toEqual(native);
    if (moment.startsWith('connectionAttempt')) expect(native).toContain('error EALREADY');
  });
});
