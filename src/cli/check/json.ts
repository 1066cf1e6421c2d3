import { given } from '../../core/input/checks.js';
import { programJson } from '../json.js';
import type { CheckOptions } from './options.js';
import type { Judged, JudgedHost, MachineReport } from './report.js';

/** All results of a check with their judgement; see docs/check.schema.json. */
export function checkJson(machine: Judged<MachineReport>, hosts: readonly JudgedHost[], options: CheckOptions): object {
  // The authorities are the long contents of a file.
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
