import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '..', '..');

/** What a file imports at run time: types leave nothing behind. */
const importsOf = (file: string) =>
  [...readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s(?!type\s)(?:[^'";]*?\sfrom\s)?'([^']+)'/gms)].map(
    ([, name]) => name!,
  );

/** The modules that are reached from a file, and from which each is: files of the package, and whatever else. */
function reachedFrom(entry: string): Map<string, string> {
  const reached = new Map<string, string>();
  const visit = (file: string) => {
    for (const name of importsOf(file)) {
      const target = name.startsWith('.') ? join(dirname(file), name).replace(/\.js$/, '.ts') : name;
      if (reached.has(target)) continue;
      reached.set(target, relative(root, file));
      if (name.startsWith('.')) visit(target);
    }
  };
  visit(entry);
  return reached;
}

describe('rx-happy-eyeballs/core', () => {
  it('reaches nothing but RxJS, files of its own, and what is bundled', () => {
    const others = [...reachedFrom(join(root, 'src', 'portable', 'index.ts'))].filter(([name]) => !name.startsWith(root));
    expect(others.filter(([name]) => !['rxjs', 'rxjs/testing', 'string-width'].includes(name))).toEqual([]);
    expect(others.map(([name]) => name)).toContain('rxjs');
  });

  it('has no file behind it that uses a global of Node alone', () => {
    const files = [...reachedFrom(join(root, 'src', 'portable', 'index.ts')).keys()].filter((name) => name.startsWith(root));
    const using = files.filter((file) => {
      const code = readFileSync(file, 'utf8').replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '');
      return /\b(?:require|__dirname|import\.meta|new Function)\b|\bBuffer\.|(?<!const \{ )\bprocess\.(?!nextTick)/.test(code);
    });
    expect(using).toEqual([]);
  });

  it('has types that need neither those of Node nor skipLibCheck', () => {
    const types = join(root, 'dist', 'module', 'core.d.mts');
    if (!existsSync(types)) throw new Error('this spec reads the built package: npm run build');
    const host = join(root, 'dist', 'module', 'consumer.mts');
    const text = `import { race, virtualNetwork, connects, timeline } from './core.mjs';
      const network = virtualNetwork({ dns: ['192.0.2.1'], endpoints: { '192.0.2.1': connects(5).thenTls(5) } });
      const { events } = network.run(race('example.com', 443, network));
      export const picture: string = timeline(events);
      // @ts-expect-error -- the connection is not \`any\`
      race('example.com', 443, network).subscribe((event) => event.type === 'connected' && event.value.isNone);`;
    const options: ts.CompilerOptions = {
      noEmit: true,
      strict: true,
      types: [],
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    };
    const compiler = ts.createCompilerHost(options);
    const { readFile, fileExists } = compiler;
    compiler.fileExists = (file) => file === host || fileExists(file);
    compiler.readFile = (file) => (file === host ? text : readFile(file));
    const program = ts.createProgram([host], options, {
      ...compiler,
      getSourceFile: (file, version) =>
        file === host ? ts.createSourceFile(file, text, version) : compiler.getSourceFile(file, version),
    });
    const problems = ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText, file }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
    expect(problems).toEqual([]);
  }, 60_000);
});
