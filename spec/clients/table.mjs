// The table of docs/clients.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';
import { NETWORKS } from './networks.mjs';

const DOCUMENT = fileURLToPath(new URL('../../docs/clients.md', import.meta.url));

/** Rows as a table, in Markdown. */
export function markdown(rows) {
  const networks = Object.entries(NETWORKS);
  const head = ['client', 'version', 'server', 'races by', ...networks.map(([, { title }]) => title)];
  const lines = rows.map(({ name, version, server, races, cells }) => {
    const own = networks.map(([network]) => (cells[network] ? cell(cells[network]) : ''));
    return [name, version, server, races, ...own];
  });
  return [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

const cell = ({ plain, raced }) => `${plain ?? '–'} → ${raced ?? '–'}`;

/** Puts the table of a Node.js in place of the one before. */
export async function write(rows, version) {
  const [major] = version.split('.');
  const block = new RegExp(`(<!-- table of npm run test:clients: Node.js ${major} -->\n).*?(\n<!-- end -->)`, 's');
  const text = readFileSync(DOCUMENT, 'utf8');
  if (!block.test(text)) throw new Error(`docs/clients.md has no table for Node.js ${major}`);
  const renewed = text.replace(block, (_, before, behind) => `${before}\nNode.js ${version}:\n\n${markdown(rows)}\n${behind}`);
  const { format, resolveConfig } = await import('prettier');
  const config = await resolveConfig(DOCUMENT);
  writeFileSync(DOCUMENT, await format(renewed, { ...config, parser: 'markdown' }));
}
