import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runExample } from '../support/program.js';

const root = join(__dirname, '..', '..');
const cookbook = readFileSync(join(root, 'docs', 'cookbook.md'), 'utf8');

/** Runs an example, which must end by itself and say nothing of errors. */
const printed = async (name: string) => {
  const { status, stdout, stderr } = await runExample(`policies/${name}`, []);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
};

const names = readdirSync(join(root, 'examples', 'policies')).map((file) => file.replace('.ts', ''));

describe('examples/policies', () => {
  it.each(names)('%s prints what the cookbook says', async (name) => {
    const [, shown] =
      new RegExp(`\\(\\.\\./examples/policies/${name}\\.ts\\)[^]*?\`\`\`text\\n([^]*?)\`\`\``).exec(cookbook) ?? [];
    expect(`\n${await printed(name)}`).toBe(`\n${shown}`);
  });

  it('[H3] happy-eyeballs starts IPv4 250 ms after IPv6, or as soon as that fails', async () => {
    const output = await printed('happy-eyeballs');
    expect(output).toMatch(/both are well.*\n.*0 ms: .*IPv6\n.*20 ms: connected over IPv6\n/);
    expect(output).toMatch(/IPv6 is slow.*\n.*0 ms: .*IPv6\n.*250 ms: .*IPv4\n.*270 ms: connected over IPv4\n/);
    expect(output).toMatch(/no IPv6.*\n.*0 ms: .*IPv6\n.* 0 ms: .*IPv4\n.*20 ms: connected over IPv4\n/);
  });

  it('hedged-reads has a tenth of the p99, for few more requests', async () => {
    const [without, hedged] = [...(await printed('hedged-reads')).matchAll(/p99 (\d+) ms, ([\d.]+) %/g)].map(
      ([, p99, more]) => [Number(p99), Number(more)] as const,
    );
    expect(hedged![0]).toBeLessThan(without![0] / 10);
    expect(hedged![1]).toBeLessThan(5);
  });
});
