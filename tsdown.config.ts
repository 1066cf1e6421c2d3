import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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

const lazyFile = (name: string) => join(import.meta.dirname, 'src', 'lazy', `${name}.ts`);

/**
 * Lets Node load the races with the first one: what imports stand-in/races.ts gets a stand-in that loads races.cjs. So it is with
 * what records them.
 */
const lazyRaces: Plugin = {
  name: 'lazy-races',
  resolveId: {
    filter: { id: /^\.\/(?:races\.js|races\.cjs|all\.cjs|recorder\.js|recorder\.cjs)$/ },
    handler: (source, importer) => {
      if (source.endsWith('.cjs')) return { id: source, external: true };
      if (source === './races.js') return lazyFile('races');
      // The testing kit has a file of that name.
      return importer?.includes('observe') ? lazyFile('recorder') : undefined;
    },
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

/** Where each export of RxJS comes from, as its own index has it: `Observable` from `internal/Observable`. */
function partsOfRxjs(): ReadonlyMap<string, string> {
  const index = readFileSync(createRequire(import.meta.url).resolve('rxjs'), 'utf8');
  const paths = new Map(
    [...index.matchAll(/var (\w+) = require\("\.\/(internal\/[^"]+)"\);/g)].map(([, name, path]) => [name, path!]),
  );
  const getters = index.matchAll(/exports, "(\w+)", \{ enumerable: true, get: function \(\) \{ return (\w+)\.\1; \} \}/g);
  return new Map([...getters].map(([, name, module]) => [name!, paths.get(module)!]));
}

/**
 * Loads from RxJS what a chunk uses, instead of its index, which is 223 files and most of the time that a first race takes to load.
 * `rxjs/internal/*` is among RxJS's exports, and the index loads the same files, so that classes stay the same.
 */
const partsOfRxjsAlone: Plugin = {
  name: 'parts-of-rxjs',
  generateBundle(_, bundle) {
    const paths = partsOfRxjs();
    const used = (name: string) => {
      const path = paths.get(name);
      if (path === undefined) throw new Error(`RxJS's index does not say where ${name} comes from`);
      return `${name}: require("rxjs/${path}").${name}`;
    };
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk' || !chunk.code.includes('require("rxjs")')) continue;
      const names = new Set([...chunk.code.matchAll(/\brxjs\.(\w+)/g)].map(([, name]) => name!));
      chunk.code = chunk.code.replace('let rxjs = require("rxjs");', `const rxjs = { ${[...names].map(used).join(', ')} };`);
      if (chunk.code.includes('require("rxjs")')) throw new Error(`${chunk.fileName} still loads all of RxJS`);
    }
  },
};

/** ES modules for Node, beside the entries as CommonJS: they hand on what those export, so that a process has one copy. */
const esModules: Plugin = {
  name: 'es-modules',
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk' || !chunk.isEntry || !(chunk.name in entry)) continue;
      // By `require`, where every process pays for it: importing CommonJS starts a lexer of Node's, which takes 8 ms.
      const [first, exported] =
        chunk.name === 'register'
          ? [`import { createRequire } from 'node:module';`, `createRequire(import.meta.url)('./${chunk.fileName}')`]
          : [`import exported from './${chunk.fileName}';`, 'exported'];
      const source = `${first}\nexport const { ${chunk.exports.join(', ')} } = ${exported};\n`;
      this.emitFile({ type: 'asset', fileName: `${chunk.name}.mjs`, source });
    }
  },
};

/** The licences of packages that are bundled ask to be handed on with them. */
const licences: Plugin = {
  name: 'licences',
  generateBundle(_, bundle) {
    const modules = Object.values(bundle).flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
    const folders = new Set(modules.flatMap((id) => /^.*node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0] ?? []));
    const texts = [...folders].sort().map((folder) => {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (file === undefined) throw new Error(`${name} has no file with its licence`);
      return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
    });
    this.emitFile({ type: 'asset', fileName: 'licences.txt', source: texts.join(`\n${'-'.repeat(80)}\n\n`) });
  },
};

/** Types for CommonJS come with a build, whose code is not needed. */
const noCommonJs: Plugin = {
  name: 'no-common-js',
  generateBundle(_, bundle) {
    for (const name of Object.keys(bundle)) if (/\.cjs(?:\.map)?$/.test(name)) Reflect.deleteProperty(bundle, name);
  },
};

/** What pictures know the width of characters by: ES modules alone, which CommonJS could not load in all versions of Node. */
const BUNDLED = ['string-width', 'get-east-asian-width', 'strip-ansi', 'ansi-regex'];

/** Modules that import what may not be installed: they are loaded when they are asked for. */
const NEEDS_PEER = /[\\/](?:otel|prometheus|metrics)\.ts$/;

// Other libraries stay outside, as dependencies; one that is bundled by accident ends the build.
const common: UserConfig = { target: 'node20', deps: { onlyBundle: BUNDLED } };

export default defineConfig([
  // For Node.
  {
    ...common,
    entry: {
      ...entry,
      index: 'src/lazy/index.ts',
      all: 'src/index.ts',
      races: 'src/stand-in/races.ts',
      recorder: 'src/observe/recorder.ts',
    },
    format: 'cjs',
    dts: false,
    plugins: [lazyRaces, plainExports, partsOfRxjsAlone, esModules],
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
  // The command line, in as few files as there can be: a machine that is out of file descriptors must be able to load it.
  {
    ...common,
    deps: { onlyBundle: [...BUNDLED, 'commander'] },
    entry: { cli: 'src/cli/bin.ts' },
    format: 'esm',
    dts: false,
    plugins: [licences],
    outputOptions: { codeSplitting: { groups: [{ name: 'commands', test: (id) => !NEEDS_PEER.test(id) }] } },
  },
  // Apart: a thread has no need of the rest.
  { ...common, entry: { 'simulation-worker': 'src/cli/whatif/worker.ts' }, format: 'esm', dts: false },
]);
