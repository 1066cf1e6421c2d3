import { pem } from '../pem.js';
import { all, grouped, type Flag, type Flags } from '../flag.js';
import type { CheckOptions } from './options.js';

/** Flags of this command besides those of the output. */
export const CHECK_FLAGS: readonly Flag[] = [
  ...grouped('Probes', [
    { usage: '--port <port>', meaning: 'Of hosts that have none of their own', default: '443' },
    { usage: '--tls', meaning: 'Try TLS on every port', default: 'on 443 and for https:// and the like', conflicts: ['tcpOnly'] },
    { usage: '--tcp-only', meaning: 'Try no TLS at all' },
    { usage: '--probe-timeout <ms>', meaning: 'For one probe: TCP, TLS, an echo, a race', default: '3000 ms' },
    { usage: '--no-ping', meaning: 'Send no ICMP echo' },
    {
      usage: '--dns-server <address>',
      meaning: 'Ask this DNS server, [address]:port allowed; several with commas',
      several: true,
    },
    { usage: '--dns-timeout <ms>', meaning: 'How long the first try waits for a DNS server', default: '1000 ms' },
    { usage: '--ca <file>', meaning: 'Trust the authorities in this PEM file, and no others' },
    { usage: '-k, --insecure', meaning: 'Accept any certificate' },
  ]),
  ...grouped('Output', [
    { usage: '--strict', meaning: 'Exit with status 1 also for hosts that are ready with failures or warnings' },
    { usage: '--html <file>', meaning: 'Write a report as an HTML page' },
  ]),
];

/** The options for the given flags. The command checks them. */
export function checkFlags(flags: Flags): CheckOptions {
  const { json, port, tls, probeTimeout, dnsServer, dnsTimeout, insecure, ping, fixedClock, ascii, color, html, strict } = flags;
  const servers = dnsServer === undefined ? undefined : all(dnsServer);
  const options = {
    json,
    port,
    tls: flags.tcpOnly === true ? false : tls,
    probeTimeout,
    servers,
    dnsTimeout,
    ca: pem(flags, 'ca'),
    insecure,
    ping,
    fixedClock,
    ascii,
    color,
    html,
    strict,
  };
  return options as CheckOptions;
}
