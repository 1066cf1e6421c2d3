import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

const src = join(__dirname, '..', 'src');

const architecture = readFileSync(join(src, '..', 'docs', 'architecture.md'), 'utf8');

/**
 * Folders and files of `src` from the inside out: each may use what stands before it, and itself. The picture in
 * docs/architecture.md has them, the outermost first.
 */
const LAYERS = [.../<!-- layers -->\n\n```text\n(.*?)```/s.exec(architecture)![1]!.matchAll(/^\S+/gm)]
  .map(([layer]) => layer)
  .reverse();

/** Layers beside each other: none uses the other. */
const NOT_FOR = new Map<string, readonly string[]>([
  ['index.ts', ['testing']],
  ['lazy', ['cli', 'portable', 'proxy', 'testing']],
  ['portable', ['node', 'observe', 'connect.ts', 'connector', 'stand-in', 'index.ts']],
  ['testing', ['policy']],
  ...['node', 'plan', 'connect.ts', 'connector', 'stand-in', 'cli'].map((layer) => [layer, ['testing']] as const),
]);

/** Files for what a program that uses them has installed. */
const OTHERS = new Map([
  [join('observe', 'otel.ts'), ['@opentelemetry/api']],
  [join('observe', 'prometheus.ts'), ['prom-client']],
  [join('testing', 'exploration.ts'), ['fast-check']],
]);

/** What is bundled with a file: it is as pure as the file is, and users do not install it. */
const BUNDLED = new Map([[join('pictures', 'text-columns.ts'), ['string-width']]]);

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

const importsOf = (file: string) => {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(/^(?:import|export)\s(?:[^'";]*?\sfrom\s)?'([^']+)'/gms)].map(([, name]) => name!);
};

/** Without what is needed of types alone. */
const runtimeImportsOf = (file: string) => {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(/^(?:import|export)\s(?!type\s)(?:[^'";]*?\sfrom\s)?'([^']+)'/gms)].map(([, name]) => name!);
};

const layerOf = (file: string) => file.split(sep)[0]!;

/** The files that one imports, by way of others too, types included. */
const reachedFrom = (file: string, reached = new Set<string>()): Set<string> => {
  for (const name of importsOf(file)) {
    if (!name.startsWith('.')) continue;
    const target = join(dirname(file), name).replace(/\.js$/, '.ts');
    if (reached.has(target) || !files.includes(target)) continue;
    reached.add(target);
    reachedFrom(target, reached);
  }
  return reached;
};

const layersImportedBy = (file: string) =>
  importsOf(file)
    .filter((name) => name.startsWith('.') && !name.endsWith('package.json'))
    .map((name) => layerOf(relative(src, join(src, dirname(file), name)).replace(/\.js$/, '.ts')));

describe('the layers', () => {
  it('hold every file', () => {
    expect(files.length).toBeGreaterThan(15);
    expect([...new Set(files.map(layerOf))].filter((layer) => !LAYERS.includes(layer))).toEqual([]);
  });

  it.each(files)('%s imports from its own layer and from those within', (file) => {
    const allowed = LAYERS.slice(0, LAYERS.indexOf(layerOf(file)) + 1).filter(
      (layer) => !NOT_FOR.get(layerOf(file))?.includes(layer),
    );
    expect(layersImportedBy(file).filter((layer) => !allowed.includes(layer))).toEqual([]);
  });

  it.each(files.filter((file) => layerOf(file) === 'proxy'))('%s has of races what users have', (file) => {
    const others = importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => relative(src, join(src, dirname(file), name)))
      .filter(
        (name) =>
          ![`proxy${sep}`, join('core', 'input', sep), join('core', 'address', sep), join('core', 'error-words.js')].some(
            (room) => name.startsWith(room),
          ),
      );
    expect(others.filter((name) => name !== 'index.js')).toEqual([]);
  });

  it('are drawn in docs/architecture.md with their arrows', () => {
    const { stderr, status } = spawnSync(process.execPath, ['scripts/layers.mjs', '--check'], {
      cwd: join(src, '..'),
      encoding: 'utf8',
    });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  it.each(files)('%s is in no circle of imports', (file) => {
    expect([...reachedFrom(file)]).not.toContain(file);
  });

  const pure = files.filter((file) => ['core', 'models', 'pictures', 'whatif'].includes(layerOf(file)));

  it.each(pure)('%s has no rxjs, no Node, no clock and no chance', (file) => {
    const own = BUNDLED.get(file) ?? [];
    expect(importsOf(file).filter((name) => !name.startsWith('.') && !own.includes(name))).toEqual([]);
    const code = readFileSync(join(src, file), 'utf8').replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '');
    expect(
      code.match(
        /\b(?:Date|performance|Math\.random|crypto|process|setTimeout|setInterval|setImmediate|queueMicrotask|require|Buffer)\b/g,
      ),
    ).toBeNull();
  });

  it.each(files.filter((file) => layerOf(file) === 'rx'))('%s has no Node', (file) => {
    expect(importsOf(file).filter((name) => name.startsWith('node:'))).toEqual([]);
  });

  it.each(files.filter((file) => layerOf(file) !== 'cli'))(
    '%s needs nothing at run time but rxjs, lru-cache, dns-packet and Node, and its peer where it is for that',
    (file) => {
      const others = runtimeImportsOf(file).filter((name) => !/^(?:\.|node:|rxjs$|lru-cache$|dns-packet$)/.test(name));
      const own = OTHERS.get(file) ?? BUNDLED.get(file) ?? (layerOf(file) === 'testing' ? ['rxjs/testing'] : []);
      expect(others.filter((name) => !own.includes(name))).toEqual([]);
    },
  );

  it.each([...OTHERS.keys()].filter((file) => layerOf(file) === 'observe'))('%s is imported by no other file', (entry) => {
    const importers = files.filter((file) =>
      importsOf(file).some((name) => join(dirname(file), name).replace(/\.js$/, '.ts') === entry),
    );
    expect(importers).toEqual([]);
  });
});
