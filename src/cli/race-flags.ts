import { BlockList } from 'node:net';
import { from } from 'rxjs';
import { FAMILIES, parseAddress } from '../core/address/address.js';
import { recordType, type Answer } from '../core/race/answers.js';
import { invalidValue } from '../core/input/argument-errors.js';
import { given } from '../core/input/checks.js';
import { checkServers } from '../node/dns-servers.js';
import { dnsResolver } from '../node/dns-resolver.js';
import { ssrf } from '../node/filter.js';
import { systemResolver } from '../node/system-resolver.js';
import { checkPrefixes } from '../plan/nat64-options.js';
import type { ConnectOptions } from '../plan/connect-options.js';
import { defaults } from '../plan/options.js';
import { presets } from '../plan/presets.js';
import type { Resolver } from '../rx/resolver.js';
import { all, grouped, type Flag, type Flags, type FlagValue } from './flag.js';
import { pem } from './pem.js';

const DURATIONS = [
  'connectionAttemptDelay',
  'minimumConnectionAttemptDelay',
  'maximumConnectionAttemptDelay',
  'resolutionDelay',
  'familyStaggerDelay',
  'attemptSpacingDelay',
  'connectTimeout',
  'attemptTimeout',
] as const;

const ms = (name: (typeof DURATIONS)[number] & keyof typeof defaults, meaning: string): Flag => {
  const value = defaults[name];
  return {
    usage: `--${kebab(name)} <ms>`,
    meaning,
    default: typeof value === 'number' && value < Infinity ? `${value} ms` : String(value).toLowerCase(),
  };
};

/** A flag for every option of the library that can be written on a command line. */
export const RACE_FLAGS: readonly Flag[] = [
  ...grouped('Families and order', [
    { usage: '-4, --ipv4', meaning: 'Use IPv4 alone, as --family 4', conflicts: ['ipv6', 'family'] },
    { usage: '-6, --ipv6', meaning: 'Use IPv6 alone, as --family 6', conflicts: ['family'] },
    { usage: '--family <4|6>', meaning: 'Restrict the race to one family' },
    {
      usage: '--prefer-family <4|6>',
      meaning: 'The family that leads, and whose answer is waited for',
      default: 'that of the first address',
    },
    { usage: '--sort <order>', meaning: 'How addresses are sorted', choices: ['rfc6724', 'none'], default: 'rfc6724' },
    { usage: '--no-interleave', meaning: 'Do not alternate the families' },
    {
      usage: '--first-address-family-count <n>',
      meaning: 'How many addresses of the leading family come first',
      default: String(defaults.firstAddressFamilyCount),
    },
  ]),
  ...grouped('TLS', [
    { usage: '--tls', meaning: 'Race to the first completed TLS handshake (implied by https:// and the like)' },
    { usage: '--servername <name>', meaning: 'The name that the certificate must be for', default: 'the host' },
    { usage: '--alpn <protocol>', meaning: 'Offer this protocol, as in h2; several with commas', several: true },
    { usage: '--ca <file>', meaning: 'Trust the authorities in this PEM file, and no others' },
    { usage: '--cert <file>', meaning: 'The certificate of this client, PEM' },
    { usage: '--key <file>', meaning: 'The key of this client, PEM' },
    { usage: '-k, --insecure', meaning: 'Accept any certificate' },
  ]),
  ...grouped('Pace', [
    ms('connectionAttemptDelay', 'Between two starts, at least 10 ms; or adaptive'),
    ms('minimumConnectionAttemptDelay', 'The shortest adaptive delay'),
    ms(
      'maximumConnectionAttemptDelay',
      'The longest delay, and how long an attempt keeps its place among --max-concurrent-attempts',
    ),
    {
      usage: '--connection-attempt-delay-multiplier <n>',
      meaning: 'Multiplies the delay by this for each attempt in flight',
      default: String(defaults.connectionAttemptDelayMultiplier),
    },
    ms('resolutionDelay', 'How long the answer for one family waits for that of the preferred one'),
    {
      usage: '--max-concurrent-attempts <n>',
      meaning: 'Attempts in flight; or infinity',
      default: String(defaults.maxConcurrentAttempts),
    },
    { usage: '--family-stagger-delay <ms>', meaning: 'A queue for each family: how much later the second family starts' },
    { usage: '--attempt-spacing-delay <ms>', meaning: 'A queue for each family: between two starts of a family' },
    { usage: '--no-racing', meaning: 'Make one attempt after another' },
    ms('connectTimeout', 'For the whole race, look-up included; or infinity'),
    ms('attemptTimeout', 'For one attempt; or infinity'),
    { usage: '--preset <name>', meaning: 'Values for what no other option says', choices: ['rfc8305', 'per-family'] },
  ]),
  ...grouped('Look-up', [
    { usage: '--resolver <name>', meaning: 'Ask getaddrinfo, or DNS servers', choices: ['system', 'dns'], default: 'system' },
    {
      usage: '--dns-server <address>',
      meaning: 'Ask this DNS server, [address]:port allowed; several with commas',
      several: true,
    },
    { usage: '--dns-timeout <ms>', meaning: 'How long the first try waits for a DNS server', default: '1000 ms' },
    { usage: '--dns-tries <n>', meaning: 'How often each DNS server is asked', default: '2' },
    { usage: '--service-records', meaning: 'Follow the HTTPS records of the host' },
    {
      usage: '--service-scheme <scheme>',
      meaning: 'The scheme for which they are followed',
      choices: ['https', 'wss', 'http', 'ws'],
      default: 'https',
    },
    {
      usage: '--service-hints <place>',
      meaning: 'When address hints that no answer confirms are tried: after all else',
      choices: ['last-resort'],
    },
    {
      usage: '--nat64-prefix <prefix>',
      meaning: 'Reach IPv4 through this prefix where IPv4 has no route, as in 64:ff9b::/96; several with commas',
      default: 'found in the DNS',
      several: true,
    },
    { usage: '--no-nat64', meaning: 'Use no NAT64' },
    { usage: '--address <address>', meaning: 'Race these addresses without a look-up; several with commas', several: true },
  ]),
  ...grouped('Addresses', [
    { usage: '--local-address <address>', meaning: 'Connect from this address; several with commas', several: true },
    { usage: '--local-port <port>', meaning: 'Connect from this port; several with commas', several: true },
    {
      usage: '--block <subnet>',
      meaning: 'Never connect to these addresses, as in 10.0.0.0/8; several with commas',
      several: true,
    },
    { usage: '--public-only', meaning: 'Connect to public addresses alone' },
  ]),
  ...grouped('TCP', [
    { usage: '--tcp-no-delay', meaning: "Switch Nagle's algorithm off" },
    { usage: '--tcp-keep-alive', meaning: 'Probe idle connections' },
    { usage: '--tcp-keep-alive-initial-delay <ms>', meaning: 'How long a connection is idle before the first probe' },
    {
      usage: '--tcp-allow-half-open',
      meaning: 'Keep sending after the other side has finished (always so with --pipe)',
    },
    { usage: '--tcp-high-water-mark <bytes>', meaning: 'How much is read ahead' },
  ]),
];

/** The {@link RACE_FLAGS} of a proxy's races. The clients of a proxy do TLS themselves. */
export const PLAIN_RACE_FLAGS = RACE_FLAGS.filter(
  ({ usage }) => !/^(?:-k, )?--(?:tls|servername|alpn|ca|cert|key|insecure|public-only|tcp-allow-half-open)\b/.test(usage),
);

/**
 * The options of a race for the given flags.
 *
 * @throws TypeError, RangeError with Node's codes, naming the flag, for invalid values
 */
export function raceOptions(flags: Flags): ConnectOptions {
  const options = {
    family: flags.ipv4 ? 4 : flags.ipv6 ? 6 : flags.family,
    preferFamily: flags.preferFamily,
    sort: flags.sort,
    interleave: flags.interleave === false ? false : undefined,
    firstAddressFamilyCount: flags.firstAddressFamilyCount,
    ...durations(flags),
    connectionAttemptDelayMultiplier: flags.connectionAttemptDelayMultiplier,
    maxConcurrentAttempts: amount(flags, 'maxConcurrentAttempts', 'a whole number'),
    enabled: flags.racing === false ? false : undefined,
    resolver: resolver(flags),
    serviceRecords: serviceRecords(flags),
    nat64: nat64(flags),
    localAddress: flags.localAddress === undefined ? undefined : all(flags.localAddress),
    localPort: flags.localPort === undefined ? undefined : all(flags.localPort).map(whole),
    blockList: flags.block === undefined ? undefined : blockList(all(flags.block)),
    filter: flags.publicOnly === true ? ssrf() : undefined,
    tcp: socketOptions(flags),
    tls: tlsOptions(flags),
  };
  return { ...preset(flags.preset), ...(given(options) as ConnectOptions) };
}

function durations(flags: Flags): object {
  return Object.fromEntries(
    DURATIONS.filter((name) => flags[name] !== undefined).map((name) => {
      const adaptive = name === 'connectionAttemptDelay' && flags[name] === 'adaptive';
      return [name, adaptive ? 'adaptive' : amount(flags, name, 'a number of ms')];
    }),
  );
}

/** The value of a flag as a number, which may be infinite. */
export function amount(flags: Flags, name: string, what: string): number | undefined {
  const value = flags[name];
  if (value === undefined || typeof value === 'number') return value;
  if (typeof value === 'string' && /^inf(?:inity)?$/i.test(value)) return Infinity;
  throw invalidValue(flagOf(name), `must be ${what}`, value);
}

/** Converts text to a number if it is one. The library checks it. */
function whole(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function preset(name: FlagValue): object {
  if (name === undefined) return {};
  return name === 'per-family' ? presets.perFamily : presets.rfc8305;
}

function resolver(flags: Flags): ConnectOptions['resolver'] {
  const { resolver: name, dnsServer, dnsTimeout, dnsTries, address } = flags;
  const asksServers = dnsServer !== undefined || dnsTimeout !== undefined || dnsTries !== undefined;
  if (address !== undefined) {
    if (name !== undefined || asksServers) throw invalidValue('--address', 'leaves nothing to look up', address);
    return addresses(all(address));
  }
  if (name === 'system' && asksServers) throw invalidValue('--resolver', 'must be dns where a DNS server is to be asked', name);
  if (name !== 'dns' && !asksServers) return name === undefined ? undefined : systemResolver();
  const servers = dnsServer === undefined ? undefined : all(dnsServer);
  if (servers) checkServers('--dns-server', servers);
  return dnsResolver({
    servers,
    timeout: dnsTimeout as number | undefined,
    tries: dnsTries as number | undefined,
  });
}

function serviceRecords({ serviceRecords: on, serviceScheme, serviceHints, alpn }: Flags): object | undefined {
  if (on !== true) {
    const [name, value] = serviceScheme !== undefined ? ['--service-scheme', serviceScheme] : ['--service-hints', serviceHints];
    if (value !== undefined) throw invalidValue(name, 'has no effect without --service-records', value);
    return undefined;
  }
  return given({
    scheme: serviceScheme ?? 'https',
    alpn: alpn === undefined ? undefined : all(alpn),
    hints: serviceHints && 'lastResort',
  });
}

function nat64({ nat64: on, nat64Prefix }: Flags): false | object | undefined {
  if (nat64Prefix === undefined) return on === false ? false : undefined;
  if (on === false) throw invalidValue('--nat64-prefix', 'does not go together with --no-nat64', nat64Prefix);
  const prefixes = all(nat64Prefix);
  checkPrefixes('--nat64-prefix', prefixes);
  return { prefixes };
}

/** A resolver that returns these addresses for any host, also for an address or `localhost`, for which there is no query otherwise. */
function addresses(texts: readonly string[]): Resolver {
  const found = texts.map((text) => {
    const address = parseAddress(text);
    if (!address) throw invalidValue('--address', 'must be an IP address', text);
    return address;
  });
  const answers = FAMILIES.map((family) => ({
    type: recordType(family),
    addresses: found.filter((one) => one.family === family),
  }))
    .filter((answer) => answer.addresses.length > 0)
    .map(({ type, addresses }): Answer => ({ type, addresses: addresses.map(({ address }) => address) }));
  return Object.assign(() => from(answers), { decides: true });
}

function blockList(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [text = '', prefix, ...rest] = subnet.split('/');
    const address = parseAddress(text);
    const longest = address?.family === 4 ? 32 : 128;
    const length = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
    if (!address || rest.length > 0 || !(length <= longest)) {
      throw invalidValue('--block', 'must be an IP address, or address/prefix', subnet);
    }
    list.addSubnet(address.address, length, `ipv${address.family}`);
  }
  return list;
}

function socketOptions(flags: Flags): object | undefined {
  const given = {
    noDelay: flags.tcpNoDelay,
    keepAlive: flags.tcpKeepAlive,
    keepAliveInitialDelay: flags.tcpKeepAliveInitialDelay,
    allowHalfOpen: flags.tcpAllowHalfOpen ?? flags.pipe,
    highWaterMark: flags.tcpHighWaterMark,
  };
  return Object.values(given).some((value) => value !== undefined) ? given : undefined;
}

const TLS_FLAGS = ['servername', 'alpn', 'ca', 'cert', 'key', 'insecure'] as const;

function tlsOptions(flags: Flags): object | undefined {
  const without = TLS_FLAGS.find((name) => flags[name] !== undefined);
  if (flags.tls !== true) {
    if (without !== undefined) throw invalidValue(`--${without}`, 'has no effect without --tls', flags[without]);
    return undefined;
  }
  return {
    servername: flags.servername === undefined ? undefined : String(flags.servername),
    ALPNProtocols: flags.alpn === undefined ? undefined : all(flags.alpn),
    ca: pem(flags, 'ca'),
    cert: pem(flags, 'cert'),
    key: pem(flags, 'key'),
    rejectUnauthorized: flags.insecure === true ? false : undefined,
  };
}

/** The flag of an option: `--connect-timeout` for `connectTimeout`. */
function flagOf(name: string): string {
  return `--${kebab(name)}`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Options whose flags have other names. */
const OTHERWISE_CALLED: Readonly<Record<string, string>> = {
  enabled: '--no-racing',
  blockList: '--block',
  filter: '--public-only',
  servers: '--dns-server',
  timeout: '--dns-timeout',
  tries: '--dns-tries',
  'tls.ALPNProtocols': '--alpn',
  'serviceRecords.scheme': '--service-scheme',
  'serviceRecords.alpn': '--alpn',
};

/** Replaces the names of options in a message of the library with those of flags. */
export function ofFlags(message: string): string {
  return message.replace(/\boptions\.(\w+(?:\.\w+)*)(?:\[\d+\])?/g, (_, name: string) => {
    return OTHERWISE_CALLED[name] ?? flagOf(name.replace(/^tls\./, '').replaceAll('.', '-'));
  });
}
