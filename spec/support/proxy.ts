import { once } from 'node:events';
import net from 'node:net';
import { firstValueFrom, ReplaySubject, filter, type Subscription } from 'rxjs';
import { proxy$, type ProxyEvent, type ProxyOptions } from '../../src/proxy/index.js';
import { open } from './fixtures.js';

/** A proxy that is closed with the spec, and what happened in it. */
export interface RunningProxy {
  readonly port: number;
  readonly events: readonly ProxyEvent[];
  /** Whether it has completed. */
  readonly completed: () => boolean;
  /** The next event of a type, or the first that there was. */
  readonly event: <Type extends ProxyEvent['type']>(type: Type) => Promise<Extract<ProxyEvent, { readonly type: Type }>>;
  readonly subscription: Subscription;
  close(): Promise<void>;
}

/** Lets a proxy listen on a free port of loopback. */
export async function startProxy(options: ProxyOptions = {}): Promise<RunningProxy> {
  const events: ProxyEvent[] = [];
  const seen = new ReplaySubject<ProxyEvent>(Infinity);
  let completed = false;
  const subscription = proxy$({ listen: '127.0.0.1:0', ...options }).subscribe({
    next: (event) => {
      events.push(event);
      seen.next(event);
    },
    complete: () => (completed = true),
  });
  const event: RunningProxy['event'] = (type) =>
    firstValueFrom(seen.pipe(filter((one): one is Extract<ProxyEvent, { type: typeof type }> => one.type === type)));
  const { port } = await event('listening');
  const close = () => {
    subscription.unsubscribe();
    return Promise.resolve();
  };
  return open({ port, events, event, subscription, completed: () => completed, close });
}

/** A client of the proxy, in bytes. */
export async function client(port: number): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  await open({ port, close: () => Promise.resolve(void socket.destroy()) });
  return socket;
}

/** Everything that a socket receives until it has ended, or is reset, or nothing more has come for a while. */
export async function received(socket: net.Socket, quiet = 5000): Promise<string> {
  const chunks: Buffer[] = [];
  const over = new AbortController();
  let timer = setTimeout(() => over.abort(), quiet);
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    clearTimeout(timer);
    timer = setTimeout(() => over.abort(), quiet);
  });
  for (const name of ['end', 'close']) socket.once(name, () => over.abort());
  if (!socket.destroyed && !socket.readableEnded) await once(over.signal, 'abort');
  clearTimeout(timer);
  return Buffer.concat(chunks).toString('latin1');
}

/** Reads a number of bytes. */
export async function take(socket: net.Socket, length: number): Promise<string> {
  while (socket.readableLength < length && !socket.readableEnded && !socket.destroyed) {
    const more = once(socket, 'readable').catch(() => undefined);
    if (socket.read(0) === null && socket.readableLength >= length) break;
    await Promise.race([more, once(socket, 'end').catch(() => undefined), once(socket, 'close')]);
  }
  return ((socket.read(length) ?? socket.read() ?? Buffer.alloc(0)) as Buffer).toString('latin1');
}

/** Sends bytes to a proxy, and takes all that comes until the end. */
export async function exchange(port: number, ...chunks: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = await client(port);
  const answer = received(socket);
  for (const chunk of chunks) {
    socket.write(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const text = await answer;
  socket.destroy();
  return text;
}
