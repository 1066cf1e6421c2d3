/** Values of flags by their names in camel case, as the parser of the command line gives them; a list of those that are repeated. */
export type Flags = Readonly<Record<string, FlagValue>>;

export type FlagValue = string | number | boolean | readonly (string | number)[] | undefined;

/** A flag of the command line. */
export interface Flag {
  /** `--resolution-delay <ms>`; in brackets what it takes. */
  readonly usage: string;
  readonly meaning: string;
  /** May be given several times, or with a list with commas. Default false. */
  readonly several?: boolean;
}

/** The values of a flag that may be given several times, or list them with commas. */
export function all(value: FlagValue): string[] {
  return [value].flat().flatMap((text) => String(text).split(','));
}
