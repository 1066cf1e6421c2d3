// Bundles one file for browsers, with everything that it imports: node scripts/bundle.mjs <entry> <folder>
import { build } from 'tsdown';

/** Makes `<folder>/<name of the entry>.js`, an ES module without imports, as small as it gets. */
export async function bundle(entry, folder) {
  await build({
    config: false,
    logLevel: 'error',
    entry,
    outDir: folder,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    dts: false,
    clean: false,
    fixedExtension: false,
    outExtensions: () => ({ js: '.js' }),
    deps: { alwaysBundle: [/.*/], onlyBundle: false },
    inputOptions: {
      transform: { jsx: { runtime: 'automatic', importSource: 'preact' } },
      // RxJS has a build for each age of JavaScript.
      resolve: { conditionNames: ['es2015', 'browser', 'import', 'module', 'default'] },
    },
  });
}

const [, script, entry, folder] = process.argv;
if (script === import.meta.filename) await bundle([entry], folder);
