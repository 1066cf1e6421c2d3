import { STATUS_CODES } from 'node:http';
import type { Refusal } from './refusal.js';

/** A refusal as the fields and body of an HTTP response. */
export interface HttpRefusal {
  readonly status: number;
  /** Name, value, name, value … */
  readonly headers: readonly string[];
  readonly body: string;
}

/** The HTTP response for a refusal. It closes the connection. */
export function httpRefusal({ reason, message, status, proxyStatus }: Refusal): HttpRefusal {
  const body = `${message}\n`;
  const headers = [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['X-Content-Type-Options', 'nosniff'],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Connection', 'close'],
    ['Proxy-Status', proxyStatus],
    ...(reason === 'credentials' ? [['Proxy-Authenticate', 'Basic realm="rx-happy-eyeballs", charset="UTF-8"']] : []),
    ...(reason === 'rate' ? [['Retry-After', '1']] : []),
  ];
  return { status, headers: headers.flat(), body };
}

/** The same response as text, for a connection that Node's server does not handle. */
export function httpRefusalText(refusal: Refusal): string {
  const { status, headers, body } = httpRefusal(refusal);
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`];
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
