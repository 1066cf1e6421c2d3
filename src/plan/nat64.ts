import { hasRoute, knownPrefixes, networkPrefixes } from '../node/nat64.js';
import { elsewhere, stagesOf, type Nat64Stages } from './nat64-stages.js';
import { parsedPrefixes } from './nat64-options.js';
import { oncePerSettings, type Settings } from './options.js';

/** @returns `undefined` if NAT64 does not apply */
export const nat64Stages = oncePerSettings((settings: Settings<unknown>): Nat64Stages | undefined => {
  const { nat64 = 'auto', family, transport } = settings;
  // Where a transport of the caller's leads, this machine's network does not say.
  if (transport) return elsewhere(settings);
  // A race for IPv6 alone takes an IPv6 address as it comes.
  if (nat64 === false || family === 6) return undefined;
  if (nat64 === 'auto') return stagesOf({ prefixes: knownPrefixes, hasRoute }, networkPrefixes);
  const prefixes = parsedPrefixes(nat64);
  return stagesOf({ prefixes: () => prefixes, hasRoute });
});
