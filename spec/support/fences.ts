import { join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '..', '..');

/** The examples in a text of Markdown. */
export function fences(markdown: string): string[] {
  return [...markdown.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);
}

/** What the compiler says against examples, each a module of its own. */
export function problemsOf(examples: readonly string[]): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    paths: {
      'rx-happy-eyeballs': [join(root, 'src', 'index.ts')],
      'rx-happy-eyeballs/testing': [join(root, 'src', 'testing', 'index.ts')],
    },
  };
  const sources = new Map(examples.map((code, i) => [join(root, `example-${i}.mts`), code]));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  host.readFile = (name) => sources.get(name) ?? readFile(name);
  host.getSourceFile = (name, ...rest) => {
    const code = sources.get(name);
    return code === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, code, ts.ScriptTarget.ES2022);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
