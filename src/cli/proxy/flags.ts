import { invalidValue } from '../../core/input/argument-errors.js';
import { readFileSync } from 'node:fs';
import { proxyDefaults, type ProxyOptions } from '../../proxy/options.js';
import { all, grouped, type Flag, type Flags } from '../flag.js';
import { amount, PLAIN_RACE_FLAGS, raceOptions } from '../race-flags.js';

/** Whether clients may connect to public addresses only. `--no-public-only` is recognized as well. */
const PUBLIC_FLAG: Flag = {
  usage: '--public-only',
  meaning: 'Connect only to public addresses; --no-public-only allows all',
  default: 'where it listens beyond loopback',
};

/** Flags of a proxy besides those of its races and of the output. */
export const PROXY_FLAGS: readonly Flag[] = [
  ...grouped('Clients', [
    {
      usage: '--listen <address>',
      meaning: 'Address and port; beyond loopback it needs --auth or --allow',
      default: '127.0.0.1:8118',
    },
    { usage: '--auth <name:password>', meaning: 'Serve only this user; repeat it for several', several: true },
    { usage: '--auth-file <file>', meaning: 'Serve only the users in this file, one name:password per line' },
    {
      usage: '--allow <subnet>',
      meaning: 'Serve only clients from these addresses; separate several with commas',
      several: true,
    },
    PUBLIC_FLAG,
    {
      usage: '--max-connections <n>',
      meaning: 'Largest number of client connections',
      default: String(proxyDefaults.maxConnections),
    },
    { usage: '--max-header-size <bytes>', meaning: 'Largest request head', default: `${proxyDefaults.maxHeaderSize} bytes` },
    { usage: '--header-timeout <ms>', meaning: 'How long a request head may take', default: `${proxyDefaults.headerTimeout} ms` },
    { usage: '--idle-timeout <ms>', meaning: 'How long a connection may stay idle', default: `${proxyDefaults.idleTimeout} ms` },
    { usage: '--client-rate <n>', meaning: 'Requests per second and client', default: 'infinity' },
  ]),
  ...grouped('Output', [
    { usage: '--metrics <address>', meaning: 'Serve Prometheus metrics there, such as 127.0.0.1:9464; needs prom-client' },
    {
      usage: '--otel',
      meaning: 'Trace races with OpenTelemetry; needs @opentelemetry/api, and an SDK loaded with --import',
    },
    { usage: '--top', meaning: 'Show a table of destinations and how their races end' },
    { usage: '--html <file>', meaning: 'Write a report of the last races' },
    { usage: '--json', meaning: 'Print a line of JSON for each connection (schema: docs/proxy.schema.json)' },
  ]),
];

/** Flags of a proxy for one command. */
export const RUN_FLAGS: readonly Flag[] = [PUBLIC_FLAG, { usage: '--html <file>', meaning: 'Write a report of the last races' }];

/** Flags of the races of a proxy. There are none for TLS, which the client does through the tunnel. */
export const PROXY_RACE_FLAGS = PLAIN_RACE_FLAGS;

/**
 * The options that flags ask for. {@link proxy$} checks them.
 *
 * @throws TypeError, RangeError with Node's codes, naming the flag
 */
export function proxyOptions(flags: Flags): ProxyOptions {
  const { publicOnly, ...others } = flags;
  const options = {
    listen: flags.listen === undefined ? undefined : String(flags.listen),
    auth: users(flags),
    allow: flags.allow === undefined ? undefined : all(flags.allow),
    publicOnly,
    maxConnections: amount(flags, 'maxConnections', 'a whole number'),
    maxHeaderSize: flags.maxHeaderSize,
    headerTimeout: amount(flags, 'headerTimeout', 'a number of ms'),
    idleTimeout: amount(flags, 'idleTimeout', 'a number of ms'),
    clientRate: amount(flags, 'clientRate', 'a number'),
    race: raceOptions(others),
  };
  return options as ProxyOptions;
}

function users({ auth, authFile }: Flags): string[] | undefined {
  if (auth === undefined && authFile === undefined) return undefined;
  // A password may contain commas.
  const given = auth === undefined ? [] : [auth].flat().map(String);
  return [...given, ...(authFile === undefined ? [] : usersIn(String(authFile)))];
}

function usersIn(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split(/\r?\n/);
    return lines.filter((line) => line !== '' && !line.startsWith('#'));
  } catch (error) {
    throw invalidValue('--auth-file', `cannot be read (${(error as NodeJS.ErrnoException).code})`, file);
  }
}
