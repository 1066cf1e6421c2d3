import type { Socket } from 'node:net';
import { from, Observable, type ObservableInput, type Subscription } from 'rxjs';
import { invalidReturn, invalidType, invalidValue } from '../core/input/argument-errors.js';
import { callable, integer, isObject, number } from '../core/input/checks.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Stage } from '../core/race/events.js';
import { checkAfter, sum, written, type After } from './after.js';
import { chance } from './chance.js';
import { connectionError, isSystemError } from './system-errors.js';
import type { Link } from './virtual-socket.js';

/** Marks fates, including those of another copy of the package: ES modules and CommonJS may be mixed. */
const BRAND = Symbol.for('rx-happy-eyeballs.fate');

/** Whether a value is a fate. */
export function isFate(value: unknown): value is Fate {
  return isObject(value) && BRAND in value;
}

/** The fate of an attempt. */
export abstract class Fate {
  /** @internal */
  readonly [BRAND] = true;

  /** The name in error messages. */
  get [Symbol.toStringTag](): string {
    return String(this);
  }

  /** @internal */
  abstract play(attempt: Attempting): Observable<unknown>;

  /** Its source code. */
  abstract toString(): string;
}

/** The server's end of a connection. It runs in virtual time, and handles errors of its socket itself. */
export type Server = (socket: Socket, connection: ServedConnection) => void;

/** A connection as a {@link Server} sees it. */
export interface ServedConnection {
  readonly endpoint: Endpoint;
  /** The number of the attempt on this endpoint, from 1. */
  readonly attempt: number;
  /** Calls `work` after `ms` of virtual time. The timer belongs to the network, and is never reported as a leak of the program. */
  readonly later: (ms: number, work: () => void) => void;
}

/** An attempt that is being made. @internal */
export interface Attempting {
  readonly endpoint: Endpoint;
  readonly progressed: (stage: Stage) => void;
  readonly schedule: (work: () => void, after: After) => Subscription;
  readonly open: (link: Link, serve: Server | undefined) => Socket;
  /** Records an error in the description, and returns it. */
  readonly mistaken: (error: Error) => Error;
}

/** What is known of an attempt that connects, beside when. */
interface Connection extends Link {
  readonly serve?: Server | undefined;
  /** Whether nothing of it was asked for. */
  readonly isPlain?: boolean;
}

const PLAIN: Connection = { latency: 0, losesAfter: Infinity, resetsAfter: Infinity, encrypted: false, isPlain: true };

/** A fate that is known in advance. */
export class TimedFate extends Fate {
  constructor(
    /** Its source code. */
    protected readonly code: string,
    /** ms after the start; `Infinity`: never. */
    readonly endsAfter: After,
    /** Creates its error; absent if it connects. */
    readonly error?: (endpoint: Endpoint) => Error,
    /** When TCP is up, if another stage follows. */
    readonly tcpAfter?: After,
    protected readonly connection: Connection = PLAIN,
  ) {
    super();
  }

  /** @internal */
  override play({ endpoint, progressed, schedule, open }: Attempting): Observable<unknown> {
    return new Observable<Socket>((subscriber) => {
      if (this.tcpAfter !== undefined) {
        subscriber.add(schedule(() => progressed('tls'), this.tcpAfter));
      }
      const end = () => {
        if (this.error) subscriber.error(this.error(endpoint));
        else subscriber.next(open(this.connection, this.connection.serve));
        subscriber.complete();
      };
      subscriber.add(schedule(end, this.endsAfter));
    });
  }

  /** Whether nothing more is known of it than when it ends, and how. @internal */
  get isPlain(): boolean {
    return this.tcpAfter === undefined && this.connection.isPlain === true;
  }

  override toString(): string {
    return this.code;
  }
}

/** A fate that begins with a connection. */
export class ConnectingFate extends TimedFate {
  /**
   * Adds a TLS handshake that takes `handshake` ms or has its own fate: `thenTls(hangs())`. The race is notified when it begins.
   */
  thenTls(handshake: After | TimedFate): ConnectingFate {
    const ownFate = isTimed(handshake) ? handshake : undefined;
    if (!ownFate) checkAfter('handshake', handshake);
    if (this.tcpAfter !== undefined)
      throw invalidValue('handshake', `must be the only one: this is ${this.code} already`, handshake);
    if (ownFate && !ownFate.isPlain) {
      const reason = `must be no connection with a server, a latency or a loss: those of ${this.code}.thenTls(…)`;
      throw invalidValue('handshake', reason, handshake);
    }
    const fate = ownFate ?? connects(handshake as After);
    const code = `${this.code}.thenTls(${ownFate ? String(ownFate) : written(handshake as After)})`;
    const encrypted = { ...this.connection, encrypted: true, isPlain: false };
    return new ConnectingFate(code, sum(this.endsAfter, fate.endsAfter), fate.error, this.endsAfter, encrypted);
  }

  /** Sets what the server does with the connection. Default: it reads, sends nothing, and ends when the client does. */
  serves(serve: Server): ConnectingFate {
    callable('serve', serve);
    return this.#with(`serves(${serve.name || '…'})`, { serve });
  }

  /** Delays data by `ms` in each direction. Default 0. */
  latency(ms: number): ConnectingFate {
    number(0, Number.MAX_SAFE_INTEGER)('latency', ms);
    return this.#with(`latency(${ms})`, { latency: ms });
  }

  /** Loses everything after `bytes` bytes, counted in both directions. */
  losesAfter(bytes: number): ConnectingFate {
    integer(0, Number.MAX_SAFE_INTEGER)('bytes', bytes);
    return this.#with(`losesAfter(${bytes})`, { losesAfter: bytes });
  }

  /** Resets the connection `ms` after it was made: `ECONNRESET` at both ends. */
  resetsAfter(ms: number): ConnectingFate {
    number(0, Number.MAX_SAFE_INTEGER)('ms', ms);
    return this.#with(`resetsAfter(${ms})`, { resetsAfter: ms });
  }

  #with(code: string, more: Partial<Connection>): ConnectingFate {
    const connection = { ...this.connection, ...more, isPlain: false };
    return new ConnectingFate(`${this.code}.${code}`, this.endsAfter, this.error, this.tcpAfter, connection);
  }
}

function isTimed(value: unknown): value is TimedFate {
  return isFate(value) && 'endsAfter' in value;
}

/** Connects after `after` ms, default 0. `serve`: see {@link ConnectingFate.serves}. */
export function connects(after: After = 0, serve?: Server): ConnectingFate {
  checkAfter('after', after);
  const fate = new ConnectingFate(`connects(${written(after)})`, after);
  return serve === undefined ? fate : fate.serves(serve);
}

/** Fails with `ECONNREFUSED` after `after` ms, default 0. */
export function refuses(after: After = 0): TimedFate {
  return failing('refuses', after, 'ECONNREFUSED');
}

/** Fails with `ENETUNREACH` after `after` ms, default 0. */
export function unreachable(after: After = 0): TimedFate {
  return failing('unreachable', after, 'ENETUNREACH');
}

/** Never ends by itself. */
export function hangs(): TimedFate {
  return new TimedFate('hangs()', Infinity);
}

/** Fails after `after` ms with an error, or with the system's error for a code: `fails(30, 'EHOSTUNREACH')`. */
export function fails(after: After, error: string | Error): TimedFate {
  checkAfter('after', after);
  if (error instanceof Error) return new TimedFate(`fails(${written(after)}, …)`, after, () => error);
  if (typeof error !== 'string') throw invalidType('error', 'an Error, or the code of one', error);
  if (!isSystemError(error)) throw invalidValue('error', 'is not the code of a system error', error);
  return new TimedFate(`fails(${written(after)}, '${error}')`, after, (endpoint) => connectionError(error, endpoint));
}

function failing(name: string, after: After, code: string): TimedFate {
  checkAfter('after', after);
  return new TimedFate(`${name}(${written(after)})`, after, (endpoint) => connectionError(code, endpoint));
}

/** Behaves like a transport of your own, which does its own timing. */
export function behaves(transport: (endpoint: Endpoint, progressed: (stage: Stage) => void) => ObservableInput<unknown>): Fate {
  callable('transport', transport);
  return new BehavingFate(transport);
}

class BehavingFate extends Fate {
  constructor(readonly transport: Parameters<typeof behaves>[0]) {
    super();
  }

  override play({ endpoint, progressed, mistaken }: Attempting): Observable<unknown> {
    const given: unknown = this.transport(endpoint, progressed);
    try {
      return from(given as ObservableInput<unknown>);
    } catch {
      throw mistaken(invalidReturn('behaves()', 'an Observable, a promise or a list', given));
    }
  }

  override toString(): string {
    return 'behaves(…)';
  }
}

/** Returns the fate of each attempt on an endpoint, counted from 1. */
export type FateOfAttempt = (attempt: number, endpoint: Endpoint) => Fate | string;

/**
 * Fails at random: each attempt independently with this probability. The same seed gives the same fates.
 *
 * @param well the fate of the other attempts; default `connects(20)`
 * @param ill the fate of those that fail; default `refuses(20)`
 */
export function flaky(probability: number, seed: number, well: Fate = connects(20), ill: Fate = refuses(20)): FateOfAttempt {
  number(0, 1)('probability', probability);
  integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)('seed', seed);
  for (const [name, fate] of Object.entries({ well, ill })) {
    if (!isFate(fate)) throw invalidType(name, 'a fate', fate);
  }
  return (attempt, { address, port }) => (chance(`${seed} ${attempt} ${address} ${port}`) < probability ? ill : well);
}
