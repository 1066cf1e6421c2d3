// The networks that clients are tried in: each is a name with the addresses of the hosts file, in the order in which both Node
// and the package try them. IPv6 leads.

/** ms; one way on the slow path: a connection takes two of them. */
const ONE_WAY = 200;

/** Addresses of this machine, where the servers listen. */
const NEAR = { v6: '2001:db8:7::10', v4: '10.8.0.1' };
/** This machine's ends of the link: what is sent to an address of the link comes back to them. */
const LINK = { v6: '2001:db8:9::1', v4: '10.9.0.1' };
/** Accepts connections and says nothing. */
export const SILENT = '2001:db8:7::20';
/** An address of this machine where nothing listens. */
const REFUSING = '2001:db8:7::30';

const dead = (n) => ({ v6: `2001:db8:9::8d0${n}`, v4: `10.9.0.22${n}` });
const SLOW = '2001:db8:9::8501';
const FAR = '2001:db8:9::8f01';

/** Where servers listen. */
export const SERVED = [NEAR.v6, NEAR.v4, LINK.v6, LINK.v4];

/** By name, in the order of the table's columns. No dead address stands for two names: what a process learns of one stays there. */
export const NETWORKS = {
  good: { title: 'good', addresses: [NEAR.v6, NEAR.v4] },
  dead: { title: 'dead IPv6', addresses: [dead(1).v6, NEAR.v4] },
  slow: { title: `slow (${2 * ONE_WAY} ms)`, addresses: [SLOW, dead(2).v4] },
  two: { title: 'two dead', addresses: [dead(3).v6, dead(3).v4, FAR] },
  refused: { title: 'refused', addresses: [REFUSING, NEAR.v4] },
  stall: { title: 'TLS stall', addresses: [SILENT, NEAR.v4], isForTls: true },
};

export const hostOf = (network) => `${network}.example`;

const lines = Object.entries(NETWORKS).flatMap(([name, { addresses }]) =>
  addresses.map((address) => `${address} ${hostOf(name)}`),
);

/** Files of /etc. */
export const FILES = {
  hosts: ['::1 localhost', '127.0.0.1 localhost', ...lines, ''].join('\n'),
  'nsswitch.conf': 'hosts: files\n',
  // Answers for the same names, to those who ask no file.
  'resolv.conf': 'nameserver 127.0.0.1\n',
};

/** What tun.pl is told. */
export const LINK_VARIABLES = {
  LINK_DELAY: String(ONE_WAY / 1000),
  LINK_SLOW: SLOW,
  LINK_DEAD: [1, 2, 3].flatMap((n) => Object.values(dead(n))).join(' '),
  LINK_UP: [
    'set -e',
    `ip addr add ${LINK.v4}/24 dev link0`,
    'ip link set link0 up',
    `ip -6 addr add ${LINK.v6}/64 dev link0`,
    `ip addr add ${NEAR.v4}/32 dev lo`,
    ...[NEAR.v6, SILENT, REFUSING].map((address) => `ip -6 addr add ${address}/128 dev lo`),
  ].join('; '),
};

/** The servers that want TLS. */
export const SECURE = new Set(['https', 'h2', 'rediss', 'mqtts', 'amqps', 'smtps', 'imaps', 'ftps', 'ldaps', 'ircs']);
