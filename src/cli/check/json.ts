import { given } from '../../core/input/checks.js';
import { programJson } from '../json.js';
import type { CheckOptions } from './options.js';
import type { Judged, JudgedHost, MachineReport } from './report.js';

/** Everything that a check has found out and thinks of it, as `docs/check.schema.json` describes it. */
export function checkJson(machine: Judged<MachineReport>, hosts: readonly JudgedHost[], options: CheckOptions): object {
  // The authorities are a file, and long.
  const { ca, ...others } = options;
  return {
    version: 1,
    program: programJson(),
    options: { ...given(others), ...(ca !== undefined && { ca: true }) },
    machine: { ...machine.report, findings: machine.findings },
    hosts: hosts.map(({ report, findings, conclusion: { verdict, text } }) => ({
      ...report,
      findings,
      verdict,
      conclusion: text,
    })),
  };
}
