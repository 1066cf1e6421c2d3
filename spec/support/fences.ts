import { join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '..', '..');

/** A block of code in a text of Markdown. */
export interface Block {
  /** What stands behind the three backticks: `ts`, `sh`, `text` …; empty where nothing does. */
  readonly language: string;
  readonly code: string;
  /**
   * The comment directly above it, which says what is special about it: `keeps running`, `not run: …`, `needs redis-server`,
   * `from examples/…`. Empty where there is none.
   */
  readonly mark: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
}

/** The blocks of code in a text of Markdown. */
export function blocksOf(markdown: string): Block[] {
  const pattern = /^(?:<!-- ((?:keeps running|not run|needs|from)\b.*?) -->\n\n?)?```(\w*)\n(.*?)^```$/gms;
  return [...markdown.matchAll(pattern)].map(({ 0: text, 1: mark = '', 2: language, 3: code, index }) => ({
    language: language!,
    code: code!,
    mark,
    line: markdown.slice(0, index + text.indexOf('```')).split('\n').length + 1,
  }));
}

/** The examples in TypeScript in a text of Markdown. */
export function fences(markdown: string): string[] {
  return blocksOf(markdown)
    .filter(({ language }) => language === 'ts')
    .map(({ code }) => code);
}

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  allowJs: true,
  checkJs: true,
  skipLibCheck: true,
  // What Node can take away by itself: no enums, no parameter properties.
  erasableSyntaxOnly: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  types: ['node'],
  paths: {
    'rx-happy-eyeballs': [join(root, 'src', 'index.ts')],
    'rx-happy-eyeballs/testing': [join(root, 'src', 'testing', 'index.ts')],
  },
};

/** What the compiler says against examples in TypeScript, each a module of its own. */
export function problemsOf(examples: readonly string[]): string[] {
  return problemsByExample(examples.map((code) => ({ code, language: 'ts' }))).flat();
}

/** The same, for each of the examples. Those in JavaScript are CommonJS. */
export function problemsByExample(examples: readonly Pick<Block, 'code' | 'language'>[]): readonly (readonly string[])[] {
  const names = examples.map(({ language }, i) => join(root, `example-${i}.${language === 'js' ? 'cjs' : 'mts'}`));
  const sources = new Map(examples.map(({ code }, i) => [names[i]!, code]));
  const host = ts.createCompilerHost(OPTIONS);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  host.readFile = (name) => sources.get(name) ?? readFile(name);
  host.getSourceFile = (name, ...rest) => {
    const code = sources.get(name);
    return code === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, code, ts.ScriptTarget.ES2022);
  };
  const program = ts.createProgram(names, OPTIONS, host);
  const textOf = ({ messageText }: ts.Diagnostic) => ts.flattenDiagnosticMessageText(messageText, '\n');
  const general = program.getOptionsDiagnostics().map(textOf);
  if (general.length > 0) throw new Error(general.join('\n'));
  // The package itself is checked by `npm run types`.
  return names.map((name) => {
    const file = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(textOf);
  });
}

/** An example as JavaScript: its types taken away. */
export function withoutTypes(code: string, module = ts.ModuleKind.ESNext): string {
  return ts.transpileModule(code, { compilerOptions: { target: ts.ScriptTarget.ES2022, module } }).outputText;
}
