import { BlockList, isIP } from 'node:net';
import { invalidValue } from '../core/input/argument-errors.js';

/**
 * Parses addresses and subnets such as `192.0.2.0/24`.
 *
 * @param name the option, for the error
 * @throws TypeError for an invalid subnet
 */
export function subnets(name: string, texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', prefix, ...rest] = text.split('/');
    const family = isIP(address);
    const longest = family === 4 ? 32 : 128;
    const length = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
    if (family === 0 || address.includes('%') || rest.length > 0 || !(length <= longest)) {
      throw invalidValue(name, 'must be an IP address, or address/prefix', text);
    }
    list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

const LOOPBACK = subnets('', ['127.0.0.0/8', '::1']);

/** Whether only this machine can reach a host that is listened on: a loopback address or `localhost`. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return /^(?:.+\.)?localhost\.?$/i.test(host);
  return LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
