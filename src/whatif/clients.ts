import type { Answered, Resolved } from '../core/race/events.js';
import { chanceOf, exponential, logNormal, normal, weighted, type Chance } from './chance.js';
import type { Internet } from './internet.js';
import { HANGS, type Fate } from './world.js';

/** A name that a client connects to, as it is reached from there. */
export interface Site {
  readonly six: readonly SitePath[];
  readonly four: readonly SitePath[];
  readonly isAAAASilent: boolean;
}

interface SitePath {
  readonly address: string;
  readonly roundTrip: number;
  readonly health: 'alive' | 'silent' | 'reported';
}

/** A client on its network, with the names that it connects to. */
export interface ModelClient {
  readonly number: number;
  readonly loss: number;
  readonly isHTTPSSilent: boolean;
  readonly sites: readonly Site[];
}

/** What a race meets. */
export interface Visit {
  /** The place of its site among those of the client. */
  readonly site: number;
  readonly AAAA: { readonly at: number; readonly addresses: readonly string[] };
  readonly A: { readonly at: number; readonly addresses: readonly string[] };
  /** When the HTTPS query is answered. */
  readonly HTTPS: number;
  readonly fates: ReadonlyMap<string, Fate>;
}

/** Draws a client. What is drawn depends on seed and number alone. */
export function modelClient(internet: Internet, seed: number, number: number): ModelClient {
  const chance = chanceOf(seed, number);
  const loss = weighted(chance, internet.loss);
  const isDead = chance() < weighted(chance, internet.deadIPv6);
  const deadHealth = chance() < internet.reported ? 'reported' : 'silent';
  const isHTTPSSilent = chance() < internet.silentHTTPS;
  const access = logNormal(chance, internet.access.median, internet.access.sigma);
  const sites = Array.from({ length: internet.sitesOfAClient }, (): Site => {
    const four = access + logNormal(chance, internet.distance.median, internet.distance.sigma);
    const isOther = chance() < internet.otherRoute.share;
    const six = isOther ? four * Math.exp(internet.otherRoute.sigma * normal(chance)) : four + chance() - 0.5;
    const isPartlyDown = chance() < internet.partlyDown.share;
    const isFourDead = chance() < internet.deadIPv4;
    const counts = { six: weighted(chance, internet.addresses), four: weighted(chance, internet.addresses) };
    const paths = (prefix: string, count: number, roundTrip: number, dead: SitePath['health'] | undefined) =>
      Array.from({ length: count }, (_, index): SitePath => {
        const isDown = isPartlyDown && chance() < internet.partlyDown.addresses;
        return { address: `${prefix}${index + 1}`, roundTrip, health: dead ?? (isDown ? 'silent' : 'alive') };
      });
    return {
      six: paths(IPV6, counts.six, Math.max(six, 1), isDead ? deadHealth : undefined),
      four: paths(IPV4, counts.four, Math.max(four, 1), isFourDead ? 'silent' : undefined),
      isAAAASilent: chance() < internet.silentAAAA,
    };
  });
  return { number, loss, isHTTPSSilent, sites };
}

/** Sites have the same addresses: what tells paths apart is client and site. */
const IPV6 = '2001:db8::';
const IPV4 = '192.0.2.';

/** Draws what a race meets. What is drawn depends on client, seed and number of the race alone, not on what the race tries. */
export function visit(internet: Internet, client: ModelClient, seed: number, race: number): Visit {
  const chance = chanceOf(seed, client.number, race + 1);
  const number = ranked(chance, client.sites.length);
  const site = client.sites[number]!;
  const moment = Math.exp(internet.moment.sigma * normal(chance));
  const first = logNormal(chance, internet.firstAnswer.median, internet.firstAnswer.sigma);
  const second = first + exponential(chance, internet.answerGap);
  const isAAAAFirst = chance() < 0.5;
  const third = first + exponential(chance, internet.answerGap);
  const fates = new Map<string, Fate>();
  for (const path of [...site.six, ...site.four]) fates.set(path.address, fateOf(internet, client, path, moment, chance));
  return {
    site: number,
    AAAA: { at: site.isAAAASilent ? Infinity : isAAAAFirst ? first : second, addresses: site.six.map(addressOf) },
    A: { at: isAAAAFirst ? second : first, addresses: site.four.map(addressOf) },
    HTTPS: client.isHTTPSSilent ? Infinity : third,
    fates,
  };
}

/** A number below the count, each as often as its rank says: 1, 1/2, 1/3 … */
function ranked(chance: Chance, count: number): number {
  let sum = 0;
  for (let rank = 1; rank <= count; rank++) sum += 1 / rank;
  let left = chance() * sum;
  for (let rank = 1; rank < count; rank++) if ((left -= 1 / rank) < 0) return rank - 1;
  return count - 1;
}

function fateOf(internet: Internet, { loss }: ModelClient, path: SitePath, moment: number, chance: Chance): Fate {
  const roundTrip = path.roundTrip * moment * Math.exp(internet.jitter.sigma * normal(chance));
  let waited = 0;
  for (let pause = internet.firstRetransmission; chance() < loss && pause < LAST_PAUSE; pause *= 2) waited += pause;
  if (path.health === 'reported') return { outcome: 'fails', after: roundTrip / 2 };
  return path.health === 'silent' ? HANGS : { outcome: 'connects', after: waited + roundTrip };
}

/** ms; what is lost six times in a row is taken to be there all the same. */
const LAST_PAUSE = 64_000;

function addressOf({ address }: SitePath): string {
  return address;
}

/** What comes of its look-up, in order. */
export function lookupOf({ AAAA, A, HTTPS }: Visit, withServices: boolean): (Answered | Resolved)[] {
  const events: (Answered | Resolved)[] = [];
  if (AAAA.at < Infinity) events.push({ type: 'answered', at: AAAA.at, answer: { type: 'AAAA', addresses: AAAA.addresses } });
  events.push({ type: 'answered', at: A.at, answer: { type: 'A', addresses: A.addresses } });
  if (withServices && HTTPS < Infinity) events.push({ type: 'answered', at: HTTPS, answer: { type: 'HTTPS', records: [] } });
  events.sort((a, b) => a.at - b.at);
  const isResolved = AAAA.at < Infinity && (!withServices || HTTPS < Infinity);
  return isResolved ? [...events, { type: 'resolved', at: events.at(-1)!.at }] : events;
}
