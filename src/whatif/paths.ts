import type { Family } from '../core/address/address.js';
import type { Chance } from './chance.js';
import type { RecordedAttempt } from './recorded-attempts.js';
import type { RecordedRace } from './recorded-race.js';
import { Survival, type Observation } from './survival.js';
import { HANGS, type Fate } from './world.js';

/** A path: where an attempt leads, and from where. */
export interface Path {
  readonly client: string;
  /** With its port. */
  readonly host: string;
  readonly family: Family;
  /** What tells it from others of that host. */
  readonly key: string;
}

export function pathOf(
  { client = '', host, port }: RecordedRace,
  { key, endpoint }: Pick<RecordedAttempt, 'key' | 'endpoint'>,
): Path {
  return { client, host: `${host} ${port}`, family: endpoint.family, key };
}

/** Attempts that a distribution is taken from, at least. */
const LEAST = 10;
/** Of these, those that were watched for longer than the one that it is drawn for. */
const LEAST_BEYOND = 3;

/**
 * What is known of the paths of a recording, and what is drawn for attempts of which it says nothing.
 *
 *     the address ──► the host in that family ──► the host ──► that family from there ──► all from there ──► all
 *
 * It is drawn from the first of these of which enough is known, given how long the attempt was watched.
 */
export class Paths {
  private readonly observed = new Map<string, Observation<Fate>[]>();
  private readonly known = new Map<string, Survival<Fate>>();

  add(path: Path, { after, fate }: Pick<RecordedAttempt, 'after' | 'fate'>): void {
    const observation: Observation<Fate> = fate ? { after, end: fate } : { after };
    for (const name of levelsOf(path)) {
      const before = this.observed.get(name);
      if (before) before.push(observation);
      else this.observed.set(name, [observation]);
    }
  }

  /**
   * What becomes of an attempt.
   *
   * @param watched how long nothing has happened, and when TCP was up, if it was
   * @param alike how long another attempt of the race took to connect: to one of whose host little is known
   */
  draw(path: Path, chance: Chance, watched: { after: number; tlsAfter?: number } = { after: 0 }, alike?: number): Fate {
    const { after: lasted, tlsAfter } = watched;
    const names = levelsOf(path);
    const index = names.findIndex((name) => this.says(name, lasted));
    if (index === -1 || this.isSilent(names.slice(0, index), names[index]!)) return HANGS;
    const drawn = this.survival(names[index]!).draw(chance, lasted);
    if (!drawn) return HANGS;
    // One that has been watched for longer is not alike.
    const isAlike = index >= OF_ITS_HOST && alike !== undefined && alike > lasted && drawn.end.outcome === 'connects';
    const fate = isAlike ? asLong(drawn.end, alike) : drawn.end;
    return withHandshake(fate, lasted, tlsAfter);
  }

  private says(name: string, lasted: number): boolean {
    const survival = this.survival(name);
    return survival.ended >= LEAST && survival.watchedBeyond(lasted) >= LEAST_BEYOND;
  }

  /** Whether a path is dead: of many attempts none has ended, and they were watched for longer than nearly all others last. */
  private isSilent(closer: readonly string[], wider: string): boolean {
    const usual = this.survival(wider).quantile(0.95);
    return closer.slice(0, OF_ITS_HOST).some((name) => {
      const survival = this.survival(name);
      return survival.ended === 0 && survival.watchedBeyond(usual) >= LEAST;
    });
  }

  private survival(name: string): Survival<Fate> {
    const before = this.known.get(name);
    if (before) return before;
    const made = new Survival(this.observed.get(name) ?? []);
    this.known.set(name, made);
    return made;
  }
}

/** Levels before this one are of the host. */
const OF_ITS_HOST = 3;

function levelsOf({ client, host, family, key }: Path): readonly string[] {
  return [
    `${client}|${host}|${key}`,
    `${client}|${host}|IPv${family}`,
    `${client}|${host}`,
    `${client}|*|IPv${family}`,
    `${client}|*`,
    '*',
  ];
}

function asLong(fate: Fate, after: number): Fate {
  const { tlsAfter } = fate;
  return { ...fate, after, ...(tlsAfter !== undefined && { tlsAfter: (tlsAfter * after) / fate.after }) };
}

/** With what is known of its handshake: when it began, or that it had not begun. */
function withHandshake(fate: Fate, lasted: number, tlsAfter: number | undefined): Fate {
  if (tlsAfter !== undefined) return { ...fate, tlsAfter };
  return fate.tlsAfter !== undefined && fate.tlsAfter < lasted ? { ...fate, tlsAfter: lasted } : fate;
}
