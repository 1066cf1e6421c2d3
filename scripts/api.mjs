// Compares the public types of each entry with the report in `etc`, so that a change of them shows in a review: `npm run api`. With
// --local it writes the reports anew. Needs the built package.
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const isLocal = process.argv.includes('--local');
const root = join(import.meta.dirname, '..');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Names of reports by the types which they are of. */
const entries = Object.entries(exports).flatMap(([name, conditions]) => {
  const types = conditions.import?.types;
  return types ? [[name === '.' ? 'index' : name.slice(2), types]] : [];
});

/** Reports say nothing of doc comments: that they are missing is a matter of the linter. */
const QUIET = Object.fromEntries(
  ['ae-missing-release-tag', 'ae-undocumented', 'ae-forgotten-export', 'ae-unresolved-link'].map((id) => [
    id,
    { logLevel: ExtractorLogLevel.None, addToApiReportFile: false },
  ]),
);

function configOf(name, types) {
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, types),
      newlineKind: 'lf',
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: join(root, 'etc'),
        reportTempFolder: join(root, 'node_modules', '.cache', 'api'),
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: 'NodeNext',
            target: 'ES2022',
            lib: ['ES2023'],
            types: ['node'],
            strict: true,
            skipLibCheck: true,
          },
          files: [types],
        },
      },
      messages: {
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.Warning }, ...QUIET },
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
}

mkdirSync(join(root, 'etc'), { recursive: true });
mkdirSync(join(root, 'node_modules', '.cache', 'api'), { recursive: true });
let isUpToDate = true;
for (const [name, types] of entries) {
  if (!existsSync(join(root, types))) throw new Error(`${types} is missing: npm run build`);
  const messages = [];
  const { apiReportChanged, errorCount } = Extractor.invoke(configOf(name, types), {
    localBuild: isLocal,
    messageCallback: (message) => {
      message.handled = true;
      if (['error', 'warning'].includes(message.logLevel)) messages.push(message.text);
    },
  });
  if (errorCount > 0 || (apiReportChanged && !isLocal)) isUpToDate = false;
  console.log(`${name}: ${errorCount > 0 ? 'failed' : apiReportChanged ? (isLocal ? 'written' : 'CHANGED') : 'as in etc'}`);
  if (messages.length > 0) console.log(messages.map((text) => `  ${text}`).join('\n'));
}
if (!isUpToDate) {
  console.error('\nThe public types are not those of the reports in etc. If that is intended: npm run api -- --local');
  process.exitCode = 1;
}
