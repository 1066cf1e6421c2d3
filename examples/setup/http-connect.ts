import { isIPv6, type Socket } from 'node:net';
import type { Setup } from 'rx-happy-eyeballs';
import { map } from 'rxjs';
import { codedError, readUntil } from './read-until.js';

/**
 * A race for the first address of an HTTP proxy that opens a tunnel to `host` and `port`; its socket is the tunnel.
 *
 *     import { connect } from 'rx-happy-eyeballs';
 *
 *     const setup = httpConnect('db.example', 5432);
 *     const socket = await connect('proxy.example', 3128, { setup, isTerminal: isProxyAuthError });
 *
 * Errors with `ERR_PROXY_` and the status where that is not 2xx, as `ERR_PROXY_502`, and with `ERR_PROXY` for what is no HTTP.
 *
 * @param headers more of them for the request, as `{ 'Proxy-Authorization': 'Basic …' }`
 * @throws TypeError for a line break in any of it
 */
export function httpConnect(host: string, port: number, headers: Readonly<Record<string, string>> = {}): Setup<Socket, Socket> {
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const fields = Object.entries({ Host: authority, ...headers }).map(([name, value]) => `${name}: ${value}`);
  const lines = [`CONNECT ${authority} HTTP/1.1`, ...fields];
  // A host that comes from elsewhere must not say more than a name.
  if (lines.some((line) => /[\r\n]/.test(line))) throw new TypeError('a line break in the host or in a header');

  return (socket) => {
    socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    return readUntil(socket, /\r?\n\r?\n/).pipe(
      map((header) => {
        checkStatus(header.split(/\r?\n/, 1)[0]!);
        return socket;
      }),
    );
  };
}

function checkStatus(line: string): void {
  const [, answer, status] = /^HTTP\/1\.[01] ((\d{3})(?: .*)?)$/.exec(line) ?? [];
  if (answer === undefined) throw codedError('ERR_PROXY', `no answer of an HTTP proxy: ${line}`);
  if (!status!.startsWith('2')) throw codedError(`ERR_PROXY_${status}`, `the proxy answered ${answer}`);
}

/** 407: the proxy wants other credentials, and would at each of its addresses. */
export function isProxyAuthError(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_PROXY_407';
}
