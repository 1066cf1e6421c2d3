// What must compile, with what it must come to: in every version of TypeScript, with exactOptionalPropertyTypes and without.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  connect,
  connect$,
  connection$,
  createConnector,
  race$,
  type ConnectOptions,
  type Connector,
  type ConnectorOptions,
  type Endpoint,
  type RaceEvent,
  type RaceOptions,
  type Transport,
} from 'rx-happy-eyeballs';
import { firstSuccess } from 'rx-happy-eyeballs';
import { policy, retry, service, timeout, type Policy } from 'rx-happy-eyeballs/policy';
import { of, type Observable } from 'rxjs';

type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
const is =
  <Expected>() =>
  <Actual>(...value: Same<Expected, Actual> extends true ? [Actual] : [never]) =>
    value.length;

declare const bool: boolean;
declare const signal: AbortSignal | undefined;
declare const maybe: {
  [
    Name in 'family' | 'resolver' | 'sort' | 'filter' | 'connectTimeout' | 'tcp' | 'localAddress' | 'isTerminal' | 'setup'
  ]: undefined;
};
declare const text: Transport<string>;
declare const handed: ConnectOptions;
declare const handedNumbers: ConnectOptions<number>;
declare const handedWithSetup: ConnectOptions<number, Socket>;
declare const race: RaceOptions;
declare const ofConnector: ConnectorOptions;

// What a race is for follows from tls, transport and setup.
is<Observable<Socket>>()(connect$('h', 1));
is<Observable<Socket>>()(connect$('h', 1, { tls: false }));
is<Observable<TLSSocket>>()(connect$('h', 1, { tls: true }));
is<Promise<TLSSocket>>()(connect('h', 1, { tls: { ca: '', checkServerIdentity: (host, { raw }) => void [host.length, raw] } }));
is<Observable<Socket | TLSSocket>>()(connect$('h', 1, { tls: bool }));
is<Observable<RaceEvent<string>>>()(race$('h', 1, { transport: text }));
is<Observable<TLSSocket>>()(connection$('h', 1, { tls: true }));

// The parameter of setup, and its result, beside each of them and in any order.
is<Observable<number | undefined>>()(connect$('h', 1, { setup: (socket) => of(socket.remotePort) }));
is<Promise<number | undefined>>()(connect('h', 1, { setup: async (socket) => Promise.resolve(socket.remotePort) }));
is<Observable<string | false | null>>()(connect$('h', 1, { tls: true, setup: (socket) => of(socket.alpnProtocol) }));
is<Observable<string | false | null>>()(connect$('h', 1, { setup: (socket) => of(socket.alpnProtocol), tls: { ca: '' } }));
is<Observable<number | undefined>>()(connect$('h', 1, { tls: bool, setup: (socket) => of(socket.remotePort) }));
is<Observable<number>>()(connect$('h', 1, { transport: text, setup: (value) => of(value.length) }));
is<Observable<number>>()(connect$('h', 1, { setup: (value) => of(value.length), transport: text }));
is<Observable<number>>()(connect$('h', 1, { transport: ({ address }) => of(address), setup: (value) => of(value.length) }));
is<Observable<number>>()(connect$<number>('h', 1, { setup: async (socket) => Promise.resolve(socket.remotePort!) }));
is<Observable<boolean>>()(connect$<boolean>('h', 1, { setup: (socket) => of(socket.destroyed) }));
is<Observable<string>>()(connect$<string>('h', 1, { transport: text }));

// Every option accepts undefined.
is<Observable<Socket>>()(connect$('h', 1, { signal }));
is<Observable<Socket>>()(connect$('h', 1, maybe));
is<Observable<Socket>>()(connect$('h', 1, { tls: undefined, transport: undefined, socketFactory: undefined, setup: undefined }));
createConnector({ cache: undefined, history: { store: undefined, failureAge: undefined }, partition: undefined, signal });
firstSuccess([of(1)], { delay: undefined, scheduler: undefined });
retry(1, { random: undefined, scheduler: undefined });

// Options that are handed on.
is<Observable<Socket>>()(connect$('h', 1, handed));
is<Observable<Socket>>()(connect$('h', 1, race));
is<Connector>()(createConnector(ofConnector));
is<Observable<Socket>>()(connect$('h', 1, { ...handed }));
is<Observable<Socket>>()(connect$('h', 1, { ...handed, connectTimeout: 5 }));
is<Observable<Socket>>()(connect$<Socket>('h', 1, handed));
is<Observable<RaceEvent<Socket>>>()(race$<Socket>('h', 1, { ...handed, signal }));
is<Promise<number>>()(connect<number>('h', 1, handedNumbers));
is<Promise<number>>()(connect('h', 1, { ...handedWithSetup }));
is<Observable<Socket>>()(createConnector().connect$<Socket>('h', 1, { ...handed, partition: 'a' }));
export const handOnAll = (options: ConnectOptions): Observable<Socket> => connect$('h', 1, { ...options });
export const handOn = <T, C>(options: ConnectOptions<T, C>): Observable<T> => connect$('h', 1, { ...options, connectTimeout: 5 });
is<Observable<string>>()(handOn({ transport: text }));

// A connector's defaults say what its calls are for.
is<Observable<TLSSocket>>()(createConnector({ tls: true }).connect$('h', 1));
is<Observable<Socket>>()(createConnector({ tls: true }).connect$('h', 1, { tls: false }));
is<Promise<string | false | null>>()(
  createConnector({ tls: true }).connect('h', 1, { setup: (socket) => of(socket.alpnProtocol), partition: 'a' }),
);
is<Observable<number>>()(createConnector({ transport: text, setup: (value) => of(value.length) }).connection$('h', 1));
createConnector().races$.subscribe(
  ({ host, port, partition, events$ }) => void [host.length, port + 1, partition.length, events$.subscribe()],
);

// Unions of policies and of services.
declare const words: Policy<string>;
declare const numbers: Policy<number>;
is<Policy<string | number>>()(words.or(numbers));
is<Policy<string | number>>()(words.and(numbers).hedge(words, 5));
is<Policy<string | number>>()(policy`${timeout(5)} + ${words} | ${numbers}`);
is<Policy<string>>()(words.or(timeout(5)));
is<Policy<string>>()(timeout(5).or(words));
const name = service((id: number) => of(String(id)));
const age = service((id: number, attempt) => of(id + attempt));
const both = name.or(age);
is<Observable<string | number>>()(both(5));

export const endpoint: Endpoint = { address: '::1', family: 6, port: 1 };
