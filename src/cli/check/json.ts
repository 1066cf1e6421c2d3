import type { Judged, JudgedHost, MachineReport } from './report.js';

/** Everything that a check has found out and thinks of it, as `docs/check.schema.json` describes it. */
export function checkJson(machine: Judged<MachineReport>, hosts: readonly JudgedHost[]): object {
  return {
    version: 1,
    machine: { ...machine.report, findings: machine.findings },
    hosts: hosts.map(({ report, findings, conclusion: { verdict, text } }) => ({
      ...report,
      findings,
      verdict,
      conclusion: text,
    })),
  };
}
