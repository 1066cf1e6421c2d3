import { createSocket, type RemoteInfo } from 'node:dgram';
import type { Socket } from 'node:net';
import { map, mergeMap, Observable } from 'rxjs';
import { parseAddress } from '../core/address/address.js';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { codedError } from '../core/error-tools.js';
import type { Reply } from './dns-message.js';
import { tcp } from './tcp.js';

/** Parses a message. Returns `undefined` if it does not answer the question. */
export type Read = (message: Buffer, protocol: 'udp' | 'tcp') => Reply | undefined;

/** Emits the first datagram from the server that answers the query, and ignores all others. */
export function overUdp({ address, family, port }: Endpoint, query: Buffer, read: Read): Observable<Reply> {
  return new Observable((subscriber) => {
    const socket = createSocket(`udp${family}`);
    subscriber.add(() => socket.close());
    const receive = (message: Buffer, peer: RemoteInfo) => {
      // From the moment the socket is connected, the system drops datagrams from anyone else.
      if (peer.port !== port || parseAddress(peer.address.replace(/%.*/, ''))?.address !== address.replace(/%.*/, '')) return;
      try {
        const reply = read(message, 'udp');
        if (!reply) return;
        subscriber.next(reply);
        subscriber.complete();
      } catch (error) {
        subscriber.error(error);
      }
    };
    socket.on('message', receive).on('error', (error) => {
      subscriber.error(error);
    });
    socket.once('connect', () => socket.send(query));
    socket.connect(port, address);
  });
}

/** Over TCP, each message is preceded by its length: RFC 1035 section 4.2.2. */
export function overTcp(server: Endpoint, query: Buffer, read: Read): Observable<Reply> {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(query.length);
  const framed = Buffer.concat([length, query]);
  return tcp()(server).pipe(
    mergeMap((socket) => firstMessage(socket, framed, server)),
    map((message) => {
      const reply = read(message, 'tcp');
      if (reply) return reply;
      throw codedError('EBADRESP', `${formatEndpoint(server)} has answered another question`);
    }),
  );
}

function firstMessage(socket: Socket, query: Buffer, server: Endpoint): Observable<Buffer> {
  return new Observable((subscriber) => {
    subscriber.add(() => socket.destroy());
    const chunks: Buffer[] = [];
    let size = 0;
    let needed = 2;
    const receive = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < needed) return;
      const received = Buffer.concat(chunks);
      needed = 2 + received.readUInt16BE(0);
      if (size < needed) return;
      subscriber.next(received.subarray(2, needed));
      subscriber.complete();
    };
    const failed = (error: Error) => {
      subscriber.error(error);
    };
    const ended = () => {
      subscriber.error(codedError('ECONNRESET', `${formatEndpoint(server)} has closed the connection before its answer`));
    };
    socket.on('data', receive).on('error', failed).on('end', ended).on('close', ended);
    socket.write(query);
  });
}
