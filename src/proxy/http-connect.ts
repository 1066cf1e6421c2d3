import type { Connection } from './connection.js';
import { parseAuthority } from './authority.js';
import { httpRefusalText } from './http-refusal.js';
import { proxyStatus } from './proxy-status.js';
import type { ProxyRequest } from './events.js';
import { Refusal } from './refusal.js';
import { tunnel } from './tunnel.js';
import { formatEndpoint } from '../index.js';

/**
 * Serves the method CONNECT; RFC 9110 section 9.3.6.
 *
 * @param target host and port as the client wrote them
 * @param early bytes for the destination that the client sent right after its request
 */
export function serveConnect(connection: Connection, target: string, early: Buffer, user?: string): void {
  const { socket, client } = connection;
  if (early.length > 0) socket.unshift(early);
  const destination = parseAuthority(target);
  if (!destination) {
    refuseTunnel(connection, new Refusal('malformed', 'CONNECT needs a host and a port, such as example.com:443.'));
    return;
  }
  const { host, port } = destination;
  const request: ProxyRequest = { protocol: 'connect', host, port, client, ...(user !== undefined && { user }) };
  tunnel(connection, request, {
    granted: (_, endpoint) => {
      const { via } = endpoint;
      const nextHop = formatEndpoint(via === undefined ? endpoint : { ...endpoint, address: via, family: 6 });
      return `HTTP/1.1 200 Connection established\r\nProxy-Status: ${proxyStatus({ nextHop })}\r\n\r\n`;
    },
    denied: httpRefusalText,
  });
}

/** Refuses a CONNECT request, or one that could not be parsed. */
export function refuseTunnel(connection: Connection, refusal: Refusal): void {
  connection.refuse(refusal);
  connection.farewell(httpRefusalText(refusal));
}
