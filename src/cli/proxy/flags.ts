import { invalidValue } from '../../core/input/argument-errors.js';
import { readFileSync } from 'node:fs';
import { proxyDefaults, type ProxyOptions } from '../../proxy/options.js';
import { all, grouped, type Flag, type Flags } from '../flag.js';
import { amount, PLAIN_RACE_FLAGS, raceOptions } from '../race-flags.js';

/** Where the connections of all clients may lead; `--no-public-only` is heard as well. */
const PUBLIC_FLAG: Flag = {
  usage: '--public-only',
  meaning: 'Connect to public addresses alone; --no-public-only allows all',
  default: 'where it listens beyond loopback',
};

/** Flags of a proxy beside those of its races and of its output. */
export const PROXY_FLAGS: readonly Flag[] = [
  ...grouped('Clients', [
    {
      usage: '--listen <address>',
      meaning: 'Address and port; beyond loopback with --auth or --allow',
      default: '127.0.0.1:8118',
    },
    { usage: '--auth <name:password>', meaning: 'Serve this user alone; several times for several', several: true },
    { usage: '--auth-file <file>', meaning: 'Serve the users in this file, name:password in each line' },
    { usage: '--allow <subnet>', meaning: 'Serve clients of these addresses alone; several with commas', several: true },
    PUBLIC_FLAG,
    { usage: '--max-connections <n>', meaning: 'Connections of clients', default: String(proxyDefaults.maxConnections) },
    { usage: '--max-header-size <bytes>', meaning: 'The head of a request', default: `${proxyDefaults.maxHeaderSize} bytes` },
    { usage: '--header-timeout <ms>', meaning: 'For the head of a request', default: `${proxyDefaults.headerTimeout} ms` },
    { usage: '--idle-timeout <ms>', meaning: 'For a connection without a byte', default: `${proxyDefaults.idleTimeout} ms` },
    { usage: '--client-rate <n>', meaning: 'Requests per second of each client', default: 'infinity' },
  ]),
  ...grouped('Output', [
    { usage: '--metrics <address>', meaning: 'Serve metrics for Prometheus there, as 127.0.0.1:9464; needs prom-client' },
    {
      usage: '--otel',
      meaning: 'Trace races with OpenTelemetry; needs @opentelemetry/api, and an SDK that is loaded with --import',
    },
    { usage: '--top', meaning: 'Show the destinations and how their races end' },
    { usage: '--html <file>', meaning: 'Write a report of the last races' },
    { usage: '--json', meaning: 'Print a line of JSON for each connection, as docs/proxy.schema.json describes it' },
  ]),
];

/** Flags of a proxy for one command. */
export const RUN_FLAGS: readonly Flag[] = [PUBLIC_FLAG, { usage: '--html <file>', meaning: 'Write a report of the last races' }];

/** Flags of the races of a proxy: those of a tunnel, whose TLS is that of the client. */
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
  // A password may hold commas.
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
