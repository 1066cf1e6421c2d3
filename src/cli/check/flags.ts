import { invalidValue } from '../../core/input/argument-errors.js';
import { pem } from '../pem.js';
import { all, type Flag, type Flags } from '../flag.js';
import type { CheckOptions } from './command.js';

/** Flags of this command beside those of its output. */
export const CHECK_FLAGS: readonly Flag[] = [
  { usage: '--port <port>', meaning: 'Of hosts that have none of their own (default: 443)' },
  { usage: '--tls', meaning: 'Try TLS on every port (default: on 443)' },
  { usage: '--tcp-only', meaning: 'Try no TLS on 443 either' },
  { usage: '--probe-timeout <ms>', meaning: 'One probe: TCP, TLS, an echo, a race (default: 3000)' },
  { usage: '--dns-server <address>', meaning: 'Ask this DNS server, [address]:port allowed; several with commas', several: true },
  { usage: '--dns-timeout <ms>', meaning: 'How long a DNS server is given for its first try (default: 1000)' },
  { usage: '--ca <file>', meaning: 'Trust the authorities in this PEM file, and no others' },
  { usage: '--insecure', meaning: 'Accept any certificate' },
  { usage: '--no-ping', meaning: 'Send no ICMP echo' },
];

/** The options that flags ask for. The command checks them. */
export function checkFlags(flags: Flags): CheckOptions {
  const { json, port, tls, probeTimeout, dnsServer, dnsTimeout, insecure, ping, fixedClock, ascii, color } = flags;
  const servers = dnsServer === undefined ? undefined : all(dnsServer);
  if (tls && flags.tcpOnly) throw invalidValue('--tcp-only', 'does not go together with --tls', true);
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
  };
  return options as CheckOptions;
}
