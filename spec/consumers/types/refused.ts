// What must not compile, a statement each: every error must be short, and name what is wrong.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { connect$, createConnector, type Transport } from 'rx-happy-eyeballs';
import { of, type Observable } from 'rxjs';

declare const text: Transport<string>;
declare const socketFactory: () => Socket;

connect$('h', 1, { conectTimeout: 1000 }); // conectTimeout
connect$('h', 1, { family: '4' }); // '0 | Family
connect$('h', 1, { connectionAttemptDelay: 'fast' }); // "adaptive"
connect$('h', 1, { transport: text, tcp: { noDelay: true } }); // noDelay
connect$('h', 1, { transport: text, tls: true }); // 'false
connect$('h', 1, { transport: text, localAddress: '127.0.0.1' }); // 'undefined'
connect$('h', 1, { socketFactory, tcp: { noDelay: true } }); // noDelay
connect$('h', 1, { isTerminal: () => true }); // 'setup' is missing
connect$('h', 1, { tls: { path: '/socket' } }); // 'path'
connect$('h', 1, { tls: { path: '/socket', ca: '' } }); // 'path'
connect$('h', 1, { tls: 'yes' }); // boolean
connect$('h', 1, { transport: text, setup: (socket: Socket) => of(socket) }); // Setup<string
connect$('h', 1, { setup: 5 }); // Setup<Socket
connect$('h', 1, { setup: (socket: TLSSocket) => of(socket) }); // TLSSocket
connect$('h', 1, { tls: true, setup: (line: string) => of(line) }); // Setup<TLSSocket
connect$('h', '443'); // number
createConnector({ partition: 5 }); // string
createConnector({ cache: true }); // CacheOptions
createConnector({ history: { failureAge: '5' } }); // number
createConnector().connect$('h', 1, { partition: 5 }); // string
export const wrong: Observable<number> = connect$('h', 1); // Socket
