import { createServer } from 'node:tls';
import { concat, map, timer } from 'rxjs';
import type { ConnectOptions } from '../plan/connect-options.js';
import type { Answer } from '../core/race/answers.js';
import { blackhole, healthy, listen, type Fixture, type Place } from './lab.js';

/** A network with a fault, on the loopback addresses of this machine. */
export interface Scenario {
  readonly title: string;
  readonly places: readonly Place[];
  /** Options of the race besides the addresses. */
  readonly options?: ConnectOptions;
  /** The answers in order, each with its delay after the previous one in ms. Default: all addresses at once. */
  readonly answers?: readonly (readonly [delay: number, answer: Answer])[];
}

/** In ms; less than the second after which a dropped packet is sent again. */
const WAKES_AFTER = 300;

/** In ms; long enough for all attempts of a scenario to start, and short enough to watch. */
const PATIENCE = 1500;

const inOrder = (address: string): Place => ({ address, nature: 'in order', open: healthy });
const refuses = (address: string): Place => ({ address, nature: 'refuses: nothing listens' });
const silent = (address: string): Place => ({ address, nature: 'never answers: its backlog is full', open: blackhole });
const slow = (address: string): Place => ({
  address,
  nature: 'slow: accepts the second packet, a second later',
  open: (host, port) => blackhole(host, port, WAKES_AFTER),
});

// With a pre-shared key, the handshake needs no certificate.
const key = Buffer.alloc(32, 'lab');
const LAB_TLS = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

function overTls(host: string, port: number): Promise<Fixture> {
  return listen(createServer({ ...LAB_TLS, pskCallback: () => key }), host, port);
}

/** The networks of the demo, by name. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  mixed: {
    title: 'a bit of everything: one address never answers, one refuses, one is slow, one is in order',
    places: [silent('::1'), refuses('127.0.0.2'), slow('127.0.0.3'), inOrder('127.0.0.1')],
  },
  blackhole: {
    title: 'IPv6 is broken, and drops every packet',
    places: [silent('::1'), inOrder('127.0.0.1')],
  },
  refused: {
    title: 'nothing listens on IPv6, so the next attempt follows at once',
    places: [refuses('::1'), inOrder('127.0.0.1')],
  },
  slow: {
    title: 'a second for a connection, longer than many clients wait for an attempt',
    places: [silent('::1'), slow('127.0.0.1')],
  },
  'late-aaaa': {
    title: 'the AAAA answer comes late, and its address joins the race',
    places: [inOrder('::1'), silent('127.0.0.1')],
    answers: [
      [20, { type: 'A', addresses: ['127.0.0.1'] }],
      [180, { type: 'AAAA', addresses: ['::1'] }],
    ],
  },
  'tls-stall': {
    title: 'an address accepts TCP, and then says nothing: the winner is the first finished TLS handshake',
    places: [
      { address: '::1', nature: 'accepts, and never says a word of TLS', open: healthy },
      { address: '127.0.0.1', nature: 'in order', open: overTls },
    ],
    options: {
      tls: { ...LAB_TLS, pskCallback: () => ({ psk: key, identity: 'lab' }), checkServerIdentity: () => undefined },
    },
  },
  'all-dead': {
    title: 'no address works',
    places: [silent('::1'), refuses('127.0.0.1'), silent('127.0.0.3')],
    options: { connectTimeout: PATIENCE },
  },
};

/** A resolver that emits the answers of a scenario in time. */
export function lateAnswers(answers: NonNullable<Scenario['answers']>): ConnectOptions['resolver'] {
  return () => concat(...answers.map(([delay, answer]) => timer(delay).pipe(map(() => answer))));
}
