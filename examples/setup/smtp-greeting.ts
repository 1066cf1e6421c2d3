import type { Socket } from 'node:net';
import { map, type Observable } from 'rxjs';
import { codedError, readUntil } from './read-until.js';

/** A mail server that has greeted, and may be sent `EHLO`. */
export interface Greeted {
  readonly socket: Socket;
  /** Its lines as they came, codes included. */
  readonly greeting: string;
}

/** Up to the first line that another does not follow: `220-` goes on, `220 ` does not. */
const ALL_LINES = /(?:^|\n)(?!\d{3}-)[^\n]*\n/;

/**
 * A race for the first mail server that greets. One that is overloaded, or does not want this client, accepts the connection
 * all the same and says so in its greeting: then the next address has its turn.
 *
 *     import { connect } from 'rx-happy-eyeballs';
 *
 *     const { socket, greeting } = await connect('mx.example', 25, { setup: smtpGreeting, isTerminal: acceptsNoMail });
 *
 * Errors with `ERR_SMTP_` and the code of another greeting, as `ERR_SMTP_421`, and with `ERR_SMTP` for an invalid one.
 */
export function smtpGreeting(socket: Socket): Observable<Greeted> {
  return readUntil(socket, ALL_LINES).pipe(
    map((lines) => {
      const greeting = lines.trimEnd();
      const [, code] = /^(\d{3})(?:[ -]|$)/.exec(greeting) ?? [];
      if (code === '220') return { socket, greeting };
      throw code === undefined ? codedError('ERR_SMTP', `no greeting: ${greeting}`) : codedError(`ERR_SMTP_${code}`, greeting);
    }),
  );
}

/** RFC 7504: there is no mail for this host, whatever its address. */
export function acceptsNoMail(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_SMTP_521';
}
