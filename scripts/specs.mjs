// Runs the specs that need no more than there is. Usage: node scripts/specs.mjs <quick | elsewhere> [FLAG OF JEST …]
//   quick      those without network, built package, compiler, other programs and files: a copy of the sources is enough
//   elsewhere  those that can run on this system, without root: for macOS and Windows; needs the built package
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { needsOf, specs } from './spec-needs.mjs';

const UNIX = {
  'a network namespace': 'Linux alone has network namespaces',
  'a silent listener': 'a full backlog is silent on Linux alone',
  'server programs': '`npm run test:servers` starts them, on Linux',
  'a browser': 'the browser is looked for where Linux has it',
};
const WINDOWS = {
  ...UNIX,
  'a POSIX shell': 'there is no POSIX shell',
  sockets: 'Windows tries a refused connection again for two seconds, which these specs do not expect',
};
const LACKING = { linux: UNIX, darwin: UNIX, win32: WINDOWS };

const [kind, ...flags] = process.argv.slice(2);
if (kind !== 'quick' && kind !== 'elsewhere') {
  console.error('Usage: node scripts/specs.mjs <quick | elsewhere> [FLAG OF JEST …]');
  process.exit(2);
}

const lacking = LACKING[process.platform] ?? UNIX;
/** @returns {string | undefined} why a spec is not run; '' where that goes without saying */
function reasonAgainst(needs) {
  if (kind === 'quick') return needs.length > 0 ? '' : undefined;
  return needs.map((need) => lacking[need]).find((reason) => reason !== undefined);
}

const reasons = new Map(specs.map((spec) => [spec, reasonAgainst(needsOf(spec))]));
const chosen = specs.filter((spec) => reasons.get(spec) === undefined);

const patterns = `(?:${chosen.map((spec) => spec.replaceAll('.', '\\.').replaceAll('/', '[\\\\/]')).join('|')})$`;
// Fewer random cases than in the whole run: they are a third of its time.
const env = { ...(kind === 'quick' ? { RACES: '500', FEWER: '10' } : { RACES: '2000' }), ...process.env };
// A quick run has a person waiting for it, who does little else meanwhile. Jest leaves one processor free by itself.
const workers = kind === 'quick' ? [`--maxWorkers=${availableParallelism()}`] : [];
const jest = spawn(process.execPath, ['node_modules/jest/bin/jest.js', '--testPathPatterns', patterns, ...workers, ...flags], {
  env,
  stdio: 'inherit',
});
jest.on('exit', (status) => {
  process.exitCode = status ?? 1;
  for (const reason of new Set(reasons.values())) {
    if (!reason) continue;
    const files = specs.filter((spec) => reasons.get(spec) === reason);
    console.log(`\nNot run here, since ${reason}:\n  ${files.join('\n  ')}`);
  }
});
