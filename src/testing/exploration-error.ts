import { DEFAULTS, type Bounds } from './explore-options.js';

/** A network in which a program fails. */
export interface Finding {
  readonly bounds: Bounds;
  readonly path: string;
  /** The network, as code. */
  readonly code: string;
  /** What happened in it, as a picture. */
  readonly timeline: string;
  /** The number of networks that the program survived before. */
  readonly runs: number;
  /** The error of the program, or what it left behind. */
  readonly cause: Error;
}

/** The smallest network that an exploration has found in which a program fails. Its `cause` is how. */
export class ExplorationError extends Error {
  override readonly name: string = 'ExplorationError';
  readonly seed: number;
  readonly path: string;
  readonly code: string;
  readonly timeline: string;

  constructor({ bounds, path, code, timeline, runs, cause }: Finding) {
    super(
      [
        `after ${runs} networks that it stands, one in which the program fails: ${cause.message}`,
        `const network = ${code};`,
        timeline,
        `To try it again: explore(program, { ${written({ ...bounds, path })} })`,
      ].join('\n\n'),
      { cause },
    );
    this.seed = bounds.seed;
    this.path = path;
    this.code = code;
    this.timeline = timeline;
  }
}

/** The options that lead to a network again, as code: all that are not as by default, and the seed. */
function written({ seed, path, serve, ...more }: Bounds): string {
  const { addresses, latest, allowLeaks } = DEFAULTS;
  const others = Object.entries({ addresses, latest, allowLeaks })
    .map(([name, byDefault]) => ({ name, byDefault, value: more[name as keyof typeof more] }))
    .flatMap(({ name, byDefault, value }) => (value === byDefault ? [] : [`${name}: ${value}`]));
  return [
    `seed: ${seed}`,
    ...others,
    ...(serve ? [serve.name === 'serve' ? 'serve' : `serve: ${serve.name || '…'}`] : []),
    `path: '${path}'`,
  ].join(', ');
}
