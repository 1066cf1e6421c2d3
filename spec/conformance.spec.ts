import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

const root = join(__dirname, '..');

/** Rule ids by the spec files in whose titles they stand, in brackets. */
const proofs = new Map<string, Set<string>>();
for (const file of readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.spec.ts'))) {
  for (const [, id] of readFileSync(join(__dirname, file), 'utf8').matchAll(/(?<=['"` ])\[([RSATVNHF]\d+)\] /g)) {
    proofs.set(id!, (proofs.get(id!) ?? new Set()).add(file.split(sep).join('/')));
  }
}

interface Row {
  readonly id: string;
  readonly specs: readonly string[];
  readonly notYet: boolean;
}

const rows = readFileSync(join(root, 'docs', 'conformance.md'), 'utf8')
  .split('\n')
  .flatMap((line): Row[] => {
    const [, id, , proof] = /^\| ([RSATVNHF]\d+) +\| (.*?) +\| (.*?) +\|$/.exec(line) ?? [];
    if (id === undefined) return [];
    return [
      {
        id,
        specs: [...proof!.matchAll(/\]\(\.\.\/spec\/([^)]+)\)/g)].map(([, file]) => file!),
        notYet: proof!.includes('not yet'),
      },
    ];
  });

describe('docs/conformance.md', () => {
  it('has each rule once, with its proof or "not yet"', () => {
    expect(rows.length).toBeGreaterThan(50);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    expect(rows.filter(({ specs, notYet }) => specs.length === 0 && !notYet)).toEqual([]);
  });

  it('names for each rule the specs whose titles carry its id, and no others', () => {
    const documented = Object.fromEntries(rows.map(({ id, specs }) => [id, [...specs].sort()]));
    const proved = Object.fromEntries(rows.map(({ id }) => [id, [...(proofs.get(id) ?? [])].sort()]));
    expect(documented).toEqual(proved);
  });

  it('knows every rule that a spec proves', () => {
    expect([...proofs.keys()].filter((id) => !rows.some((row) => row.id === id))).toEqual([]);
  });
});
