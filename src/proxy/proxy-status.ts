import { formatEndpoint, type AttemptRecord, type ConnectionError } from '../index.js';

/** The name of the proxy in `Proxy-Status`. */
const NAME = 'rx-happy-eyeballs';

/** How many attempts are listed. The header has to stay short. */
const TOLD = 10;

/** The longest `details`, in characters. */
const LONGEST = 1000;

/** The parameters of `Proxy-Status`. */
export interface Status {
  /** One of the error types of RFC 9209 section 2.3. */
  readonly error?: string;
  /** The address of the connection. */
  readonly nextHop?: string;
  readonly details?: string;
}

/** The value of the field `Proxy-Status`; RFC 9209. */
export function proxyStatus({ error, nextHop, details }: Status): string {
  let text = NAME;
  if (error) text += `; error=${error}`;
  if (nextHop) text += `; next-hop=${quoted(nextHop)}`;
  if (details) text += `; details=${quoted(details.slice(0, LONGEST))}`;
  return text;
}

/**
 * The result of each attempt: `[2001:db8::1]:443 ECONNREFUSED after 2 ms; 192.0.2.1:443 no answer after 250 ms`. Blocked addresses are
 * left out because they may belong to a private network.
 */
export function attemptsSummary({ attempts, code }: ConnectionError): string {
  if (attempts.length === 0) return code ?? '';
  const told = attempts.slice(0, TOLD).map(attemptText);
  return [...told, ...(attempts.length > TOLD ? [`and ${attempts.length - TOLD} more`] : [])].join('; ');
}

function attemptText({ endpoint, startedAt, endedAt, outcome, error, code }: AttemptRecord): string {
  if (outcome === 'blocked') return 'blocked';
  const where = formatEndpoint(endpoint);
  const what = outcome === 'cancelled' ? (error ? 'gave way' : 'no answer') : (code ?? outcome);
  return `${where} ${what} after ${Math.round(endedAt - startedAt)} ms`;
}

/** Formats a string of structured fields, which is ASCII only; RFC 8941 section 3.3.3. */
function quoted(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  return `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}
