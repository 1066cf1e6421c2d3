// Bundles one file for browsers, with everything that it imports: node scripts/bundle.mjs <entry> <folder>
import { build } from 'tsdown';

/**
 * Makes `<folder>/<name of the entry>.js`, an ES module, as small as it gets. What it imports by `import()` has files of its own.
 *
 * @param entry a path, or paths by name
 * @param alias files that stand for packages
 */
export async function bundle(entry, folder, alias = {}) {
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
    // A browser that has a chunk of an older page in its cache must not take it for this one's.
    hash: true,
    outExtensions: () => ({ js: '.js' }),
    deps: { alwaysBundle: [/.*/], onlyBundle: false },
    inputOptions: {
      transform: { jsx: { runtime: 'automatic', importSource: 'preact' } },
      // RxJS has a build for each age of JavaScript.
      resolve: { alias, conditionNames: ['es2015', 'browser', 'import', 'module', 'default'] },
    },
  });
}

const [, script, entry, folder] = process.argv;
if (script === import.meta.filename) await bundle([entry], folder);
