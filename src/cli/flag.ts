/** Values of flags by their names in camel case. The value of a repeated flag is a list. Flags that were not given are absent. */
export type Flags = Readonly<Record<string, FlagValue>>;

export type FlagValue = string | number | boolean | readonly (string | number)[] | undefined;

/** A flag of the command line. */
export interface Flag {
  /** `--resolution-delay <ms>` or `-k, --insecure`. The angle brackets name the value. */
  readonly usage: string;
  /** One sentence without its full stop, for the help. */
  readonly meaning: string;
  /** The heading of the flag in the help. Default `Options`. */
  readonly group?: string;
  /** The default value with its unit, for the help. */
  readonly default?: string;
  /** The allowed values. Default: any. */
  readonly choices?: readonly string[];
  /** Flags that cannot be combined with this one, in camel case. */
  readonly conflicts?: readonly string[];
  /** Whether the flag may be repeated, or take a list separated by commas. Default false. */
  readonly several?: boolean;
  /** Whether the help omits the flag, which is then for specs and scripts of this package. Default false. */
  readonly hidden?: boolean;
}

/** The flags under one heading of the help. */
export function grouped(group: string, flags: readonly Flag[]): readonly Flag[] {
  return flags.map((flag) => ({ group, ...flag }));
}

/** Moves the flags with these names to the front, in the order of the names and under a heading of their own. */
export function commonFirst(names: readonly string[], flags: readonly Flag[]): readonly Flag[] {
  const common = names.flatMap((name) => flags.filter((flag) => isNamed(flag, name)));
  const others = flags.filter((flag) => !common.includes(flag));
  return [...common.map((flag) => ({ ...flag, group: 'Common options' })), ...others];
}

function isNamed({ usage }: Flag, name: string): boolean {
  return usage.split(/,? /).includes(name);
}

/** The values of a flag that may be repeated or separate its values by commas. */
export function all(value: FlagValue): string[] {
  return [value].flat().flatMap((text) => String(text).split(','));
}
