/** Values of flags by their names in camel case; a list for a flag that is repeated. A flag that is not given is absent. */
export type Flags = Readonly<Record<string, FlagValue>>;

export type FlagValue = string | number | boolean | readonly (string | number)[] | undefined;

/** A flag of the command line. */
export interface Flag {
  /** `--resolution-delay <ms>`, `-k, --insecure`; in angle brackets what it takes. */
  readonly usage: string;
  /** One sentence without its full stop, for the help. */
  readonly meaning: string;
  /** The heading under which the help shows it. Default `Options`. */
  readonly group?: string;
  /** For the help: the value, with its unit, that counts when the flag is not given. */
  readonly default?: string;
  /** The only values that it takes. Default: any. */
  readonly choices?: readonly string[];
  /** Flags that must not be given together with it, in camel case. */
  readonly conflicts?: readonly string[];
  /** May be given several times, or with a list with commas. Default false. */
  readonly several?: boolean;
  /** Left out of the help: it is for specs and scripts of this package. Default false. */
  readonly hidden?: boolean;
}

/** The flags, under a heading of the help. */
export function grouped(group: string, flags: readonly Flag[]): readonly Flag[] {
  return flags.map((flag) => ({ group, ...flag }));
}

/** The values of a flag that may be given several times, or list them with commas. */
export function all(value: FlagValue): string[] {
  return [value].flat().flatMap((text) => String(text).split(','));
}
