// Draws the arrows between the layers in docs/architecture.md anew: `npm run layers`. With --check it writes nothing, and exits with 1
// if the picture is out of date. The picture itself has the layers and their order, the outermost first: put a new one where it belongs.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { parseArgs } from 'node:util';

const PAGE = 'docs/architecture.md';
const PICTURE = /(<!-- layers -->\n\n```text\n)(.*?)(```)/s;

const layerOf = (file) => file.split(sep)[0];
const files = readdirSync('src', { recursive: true }).filter((file) => file.endsWith('.ts'));

/** The layers that a file imports. */
function importedBy(file) {
  const imports = readFileSync(join('src', file), 'utf8').matchAll(/^(?:import|export)\s(?:[^'";]*?\sfrom\s)?'(\.[^']+)'/gms);
  const targets = [...imports]
    .map(([, name]) => normalize(join(dirname(file), name)))
    .filter((target) => !target.startsWith('..'));
  return targets.map((target) => layerOf(target.replace(/\.js$/, '.ts')));
}

const page = readFileSync(PAGE, 'utf8');
const [, , picture] = PICTURE.exec(page) ?? [];
if (picture === undefined) throw new Error(`${PAGE} has no picture of the layers`);
const layers = [...picture.matchAll(/^\S+/gm)].map(([layer]) => layer);
const missing = [...new Set(files.map(layerOf))].filter((layer) => !layers.includes(layer));
if (missing.length > 0) throw new Error(`${PAGE} has no line for ${missing.join(', ')}`);

const lines = layers.map((layer) => {
  const imported = new Set(files.filter((file) => layerOf(file) === layer).flatMap(importedBy));
  const others = layers.filter((other) => other !== layer && imported.has(other));
  return others.length === 0 ? layer : `${layer.padEnd(12)}──► ${others.join('  ')}`;
});
const redrawn = page.replace(PICTURE, (_, before, __, behind) => `${before}${lines.join('\n')}\n${behind}`);

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
if (redrawn !== page) {
  if (!values.check) writeFileSync(PAGE, redrawn);
  else {
    console.error(`${PAGE} is out of date: npm run layers`);
    process.exitCode = 1;
  }
}
