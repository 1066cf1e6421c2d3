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
import { all, type Flag, type Flags, type FlagValue } from './flag.js';
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

const ms = (name: (typeof DURATIONS)[number] & keyof typeof defaults, meaning: string): Flag => ({
  usage: `--${kebab(name)} <ms>`,
  meaning: `${meaning} (default: ${String(defaults[name]).toLowerCase()})`,
});

/** Every option of the library that can be said in words. */
export const RACE_FLAGS: readonly Flag[] = [
  { usage: '--family <4|6>', meaning: 'Restrict the race to one family' },
  { usage: '--prefer-family <4|6>', meaning: 'The family that leads and is waited for (default: as the order has it)' },
  { usage: '--sort <order>', meaning: 'rfc6724, or none for the order of the resolver (default: rfc6724)' },
  { usage: '--no-interleave', meaning: 'Do not alternate the families' },
  {
    usage: '--first-address-family-count <n>',
    meaning: `How many of the leading family come first (default: ${defaults.firstAddressFamilyCount})`,
  },
  ms('connectionAttemptDelay', 'Between two starts, at least 10; adaptive has no past here to go by'),
  ms('minimumConnectionAttemptDelay', 'The least that an adaptive delay may be'),
  ms('maximumConnectionAttemptDelay', 'The most that a delay may grow to; how long an attempt keeps its place'),
  {
    usage: '--connection-attempt-delay-multiplier <n>',
    meaning: `By what each attempt in flight multiplies the delay (default: ${defaults.connectionAttemptDelayMultiplier})`,
  },
  ms('resolutionDelay', 'How long the other answer waits for the preferred one'),
  {
    usage: '--max-concurrent-attempts <n>',
    meaning: `Attempts in flight, or infinity (default: ${defaults.maxConcurrentAttempts})`,
  },
  { usage: '--family-stagger-delay <ms>', meaning: 'A queue for each family: how much later the other one starts' },
  { usage: '--attempt-spacing-delay <ms>', meaning: 'A queue for each family: between two starts of one' },
  { usage: '--no-racing', meaning: 'One attempt after another' },
  ms('connectTimeout', 'The whole race, look-up included; or infinity'),
  ms('attemptTimeout', 'One attempt; or infinity'),
  { usage: '--preset <name>', meaning: 'rfc8305 or per-family, where no flag says otherwise' },
  { usage: '--resolver <name>', meaning: 'system (getaddrinfo) or dns (default: system)' },
  { usage: '--dns-server <address>', meaning: 'Ask this DNS server, [address]:port allowed; several with commas', several: true },
  { usage: '--dns-timeout <ms>', meaning: 'How long a DNS server is given for its first try (default: 1000)' },
  { usage: '--dns-tries <n>', meaning: 'How often each DNS server is tried (default: 2)' },
  { usage: '--service-records', meaning: 'Go by the HTTPS records of the host' },
  { usage: '--service-scheme <scheme>', meaning: 'What for: https, wss, http or ws (default: https)' },
  { usage: '--service-hints <last-resort>', meaning: 'Try hints that no address confirms after all else' },
  {
    usage: '--nat64-prefix <prefix>',
    meaning:
      'Reach IPv4 by this prefix where it has no route, as 64:ff9b::/96; several with commas (default: what the DNS tells)',
    several: true,
  },
  { usage: '--no-nat64', meaning: 'Take addresses for what they are' },
  { usage: '--address <address>', meaning: 'Race these addresses, and look nothing up; several with commas', several: true },
  { usage: '--local-address <address>', meaning: 'Connect from this address; several with commas', several: true },
  { usage: '--local-port <port>', meaning: 'Connect from this port; several with commas', several: true },
  { usage: '--block <subnet>', meaning: 'Never dial these: an address or address/prefix; several with commas', several: true },
  { usage: '--public-only', meaning: 'Dial public addresses alone' },
  { usage: '--tcp-no-delay', meaning: "Switch off Nagle's algorithm" },
  { usage: '--tcp-keep-alive', meaning: 'Probe connections that are idle' },
  { usage: '--tcp-keep-alive-initial-delay <ms>', meaning: 'How long idle before the first probe' },
  { usage: '--tcp-allow-half-open', meaning: 'Go on sending when the other side has ended (always so with --pipe)' },
  { usage: '--tcp-high-water-mark <bytes>', meaning: 'How much is read ahead' },
  { usage: '--tls', meaning: 'The winner is the first finished TLS handshake' },
  { usage: '--servername <name>', meaning: 'TLS: the name that the certificate must be for (default: the host)' },
  { usage: '--alpn <protocol>', meaning: 'TLS: offer this protocol, as h2; several with commas', several: true },
  { usage: '--ca <file>', meaning: 'TLS: trust the authorities in this PEM file, and no others' },
  { usage: '--cert <file>', meaning: 'TLS: the certificate of this client, PEM' },
  { usage: '--key <file>', meaning: 'TLS: the key of this client, PEM' },
  { usage: '--insecure', meaning: 'TLS: accept any certificate' },
];

/** Of {@link RACE_FLAGS}, those of races whose TLS and whose rules are somebody else's: of a proxy. */
export const PLAIN_RACE_FLAGS = RACE_FLAGS.filter(
  ({ usage }) => !/^--(?:tls|servername|alpn|ca|cert|key|insecure|public-only|tcp-allow-half-open)\b/.test(usage),
);

/**
 * The options of a race that flags ask for.
 *
 * @throws TypeError, RangeError with Node's codes, naming the flag, for values that make no sense
 */
export function raceOptions(flags: Flags): ConnectOptions<never> {
  const options = {
    family: flags.family,
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
  return { ...preset(flags.preset), ...(given(options) as ConnectOptions<never>) };
}

function durations(flags: Flags): object {
  return Object.fromEntries(
    DURATIONS.filter((name) => flags[name] !== undefined).map((name) => {
      const adaptive = name === 'connectionAttemptDelay' && flags[name] === 'adaptive';
      return [name, adaptive ? 'adaptive' : amount(flags, name, 'a number of ms')];
    }),
  );
}

/** A number, or infinity. */
export function amount(flags: Flags, name: string, what: string): number | undefined {
  const value = flags[name];
  if (value === undefined || typeof value === 'number') return value;
  if (typeof value === 'string' && /^inf(?:inity)?$/i.test(value)) return Infinity;
  throw invalidValue(flagOf(name), `must be ${what}`, value);
}

/** A number, where it is one: the library says what else it must be. */
function whole(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function preset(name: FlagValue): object {
  if (name === undefined) return {};
  if (name === 'rfc8305') return presets.rfc8305;
  if (name === 'per-family') return presets.perFamily;
  throw invalidValue('--preset', 'must be rfc8305 or per-family', name);
}

function resolver(flags: Flags): ConnectOptions['resolver'] {
  const { resolver: name, dnsServer, dnsTimeout, dnsTries, address } = flags;
  const asksServers = dnsServer !== undefined || dnsTimeout !== undefined || dnsTries !== undefined;
  if (name !== undefined && name !== 'system' && name !== 'dns') {
    throw invalidValue('--resolver', 'must be system or dns', name);
  }
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
  if (serviceHints !== undefined && serviceHints !== 'last-resort') {
    throw invalidValue('--service-hints', 'must be last-resort', serviceHints);
  }
  return given({
    scheme: serviceScheme ?? 'https',
    alpn: alpn === undefined ? undefined : all(alpn),
    hints: serviceHints && 'lastResort',
  });
}

function nat64({ nat64: on, nat64Prefix: camelled, ...flags }: Flags): false | object | undefined {
  // The parser leaves a hyphen behind a digit as it is.
  const nat64Prefix = flags['nat64-prefix'] ?? camelled;
  if (nat64Prefix === undefined) return on === false ? false : undefined;
  if (on === false) throw invalidValue('--nat64-prefix', 'does not go together with --no-nat64', nat64Prefix);
  const prefixes = all(nat64Prefix);
  checkPrefixes('--nat64-prefix', prefixes);
  return { prefixes };
}

/** These, whatever the host: also where it is an address, or `localhost`, and nobody would be asked. */
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

/** `connectTimeout` as `--connect-timeout`. */
function flagOf(name: string): string {
  return `--${kebab(name)}`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Options whose flags are not called as they are. */
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

/** What the library says of its options, said of the flags. */
export function ofFlags(message: string): string {
  return message.replace(/\boptions\.(\w+(?:\.\w+)*)(?:\[\d+\])?/g, (_, name: string) => {
    return OTHERWISE_CALLED[name] ?? flagOf(name.replace(/^tls\./, '').replaceAll('.', '-'));
  });
}
