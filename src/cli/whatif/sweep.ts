import { curve } from '../../whatif/curve.js';
import type { Measure } from '../../whatif/figures.js';
import type { Flags } from '../flag.js';
import { jsonText } from '../json-text.js';
import { outputFile, type OutputFile } from '../output-file.js';
import { listed, type Row } from './table.js';

const MEASURES_OF_A_SWEEP: readonly Measure[] = ['p50', 'p95', 'p99', 'attempts', 'wasted', 'ipv6', 'lost'];

/** What was swept. */
export interface Swept {
  readonly races: number;
  readonly seed: number;
  /** As on the command line. */
  readonly option: string;
  /** A row for each value of the option, which is its name. */
  readonly rows: readonly Row[];
}

/** Opens the file of `--svg`, if it is given. @throws TypeError for a file that cannot be written */
export function openCurve({ svg }: Flags): OutputFile | undefined {
  return svg === undefined ? undefined : outputFile('--svg', String(svg));
}

/** Draws latency against waste. */
export function sweepCurve({ option, rows }: Swept): string {
  return curve(
    `${option}: latency against waste`,
    rows.map(({ name, figures }) => ({ label: name, figures })),
  );
}

/** The output of `--sweep`. */
export function sweepText({ races, seed, option, rows }: Swept, { json }: Flags): string {
  if (!json) return `${listed(option, rows, MEASURES_OF_A_SWEEP)}\n`;
  const steps = rows.map(({ name, figures }) => ({ value: Number(name), figures }));
  return jsonText({ version: 1, seed, races, option, steps });
}
