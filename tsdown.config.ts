import { join } from 'node:path';
import { defineConfig, type UserConfig } from 'tsdown';

/** The entries of the package, as in `exports` of package.json. */
const entry = {
  index: 'src/index.ts',
  agent: 'src/stand-in/agent.ts',
  undici: 'src/stand-in/undici.ts',
  register: 'src/stand-in/register.ts',
  policy: 'src/policy/index.ts',
  pictures: 'src/pictures/index.ts',
  otel: 'src/observe/otel.ts',
  prometheus: 'src/observe/prometheus.ts',
  redis: 'src/connector/redis/redis-history.ts',
  testing: 'src/testing/index.ts',
  proxy: 'src/proxy/index.ts',
  core: 'src/portable/index.ts',
};

type Plugin = Extract<UserConfig['plugins'], { name: string }>;

const lazyRacesFile = join(import.meta.dirname, 'src', 'lazy', 'races.ts');

/** Lets Node load the races with the first one: what imports stand-in/races.ts gets a stand-in that loads races.cjs. */
const lazyRaces: Plugin = {
  name: 'lazy-races',
  resolveId: {
    filter: { id: /^\.\/(?:races\.js|races\.cjs|all\.cjs)$/ },
    handler: (source) => (source.endsWith('.cjs') ? { id: source, external: true } : lazyRacesFile),
  },
};

/** Parts of a build name what they share by properties, and not by getters: half of all calls of a race would be theirs. */
const plainExports: Plugin = {
  name: 'plain-exports',
  generateBundle(_, bundle) {
    const getter =
      /Object\.defineProperty\(exports, "([\w$]+)", \{\s*enumerable: true,\s*get: function\(\) \{\s*return ([\w$]+);\s*\}\s*\}\);/g;
    for (const chunk of Object.values(bundle))
      if (chunk.type === 'chunk') chunk.code = chunk.code.replace(getter, 'exports.$1 = $2;');
  },
};

/** ES modules for Node, beside the entries as CommonJS: they hand on what those export, so that a process has one copy. */
const esModules: Plugin = {
  name: 'es-modules',
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk' || !chunk.isEntry || !(chunk.name in entry)) continue;
      const source = `import exported from './${chunk.fileName}';\nexport const { ${chunk.exports.join(', ')} } = exported;\n`;
      this.emitFile({ type: 'asset', fileName: `${chunk.name}.mjs`, source });
    }
  },
};

/** Types for CommonJS come with a build, whose code is not needed. */
const noCommonJs: Plugin = {
  name: 'no-common-js',
  generateBundle(_, bundle) {
    for (const name of Object.keys(bundle)) if (/\.cjs(?:\.map)?$/.test(name)) Reflect.deleteProperty(bundle, name);
  },
};

// Libraries stay outside, as dependencies; one that is bundled by accident ends the build.
const common: UserConfig = { target: 'node20', deps: { onlyBundle: [] } };

export default defineConfig([
  // For Node.
  {
    ...common,
    entry: { ...entry, index: 'src/lazy/index.ts', all: 'src/index.ts', races: 'src/stand-in/races.ts' },
    format: 'cjs',
    dts: false,
    plugins: [lazyRaces, plainExports, esModules],
  },
  // For bundlers, which leave out what a program does not use; and the types.
  {
    ...common,
    entry,
    format: ['esm', 'cjs'],
    outDir: 'dist/module',
    dts: true,
    plugins: [noCommonJs],
  },
  { ...common, entry: { cli: 'src/cli/bin.ts' }, format: 'esm', dts: false },
]);
