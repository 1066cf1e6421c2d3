import { Command as Parser, CommanderError, Help, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { codedError } from '../core/error-tools.js';
import { invalidValue } from '../core/input/argument-errors.js';
import { wrap } from '../pictures/text-columns.js';
import type { Argument, Command } from './command.js';
import type { Flag, Flags } from './flag.js';
import { appearance, type Terminal } from './terminal.js';

/** A parsed command line. */
export interface Parsed {
  readonly command: Command;
  readonly args: readonly Argument[];
  readonly flags: Flags;
}

/** The texts of the program's help. */
export interface ProgramHelp {
  readonly name: string;
  readonly synopsis: string;
  readonly description: string;
  /** Sentences after the list of commands. */
  readonly notes: string;
  readonly examples: readonly string[];
}

/**
 * Parses a command line.
 *
 * @param fallback used if the first word is not a command
 * @returns `undefined` if the help or the version was requested, which has then been printed
 * @throws an error with the code `ERR_INVALID_ARG_VALUE` for an invalid command line
 */
export function parse(
  argv: readonly string[],
  { commands, fallback, help }: { commands: readonly Command[]; fallback: Command; help: ProgramHelp },
  terminal: Terminal,
): Parsed | undefined {
  const { width } = appearance(terminal.stdout, {});
  let parsed: Parsed | undefined;
  const program = new Parser(help.name)
    .usage(help.synopsis)
    .description(wrap(help.description, width).join('\n'))
    .exitOverride()
    .configureOutput(outputOf(terminal))
    .configureHelp(helpOf(terminal))
    .addHelpText('after', ['', ...wrap(help.notes, width), drawExamples(help.name, help.examples)].join('\n'))
    .commandsGroup('Help:')
    .helpCommand('help [command]', 'Show the help of a command')
    .helpOption('-h, --help', 'Show this help')
    .version(
      `${help.name}/${packageJson.version} ${process.platform}-${process.arch} node-${process.version}`,
      '-v, --version',
      'Show the versions of this program and of Node',
    );
  for (const command of [...commands, fallback]) {
    const isFallback = command === fallback;
    const { usage, synopsis, summary, group, flags, examples = [] } = command;
    const own = program.command(usage, { hidden: isFallback, isDefault: isFallback }).summary(summary);
    own.description(descriptionOf(command, width)).helpGroup(`${group}:`);
    if (synopsis !== undefined) own.usage(synopsis);
    for (const flag of flags) addFlag(own, flag);
    own.addHelpOption(new Option('-h, --help', 'Show this help').helpGroup(headingOf(flags.find(isOutput)?.group)));
    if (examples.length > 0) own.addHelpText('after', drawExamples(help.name, examples));
    own.allowExcessArguments().action((...given: unknown[]) => {
      const excess = own.args[own.registeredArguments.length];
      const isList = own.registeredArguments.at(-1)?.variadic;
      if (excess !== undefined && !isList) throw codedError('ERR_INVALID_ARG_VALUE', `Unexpected argument '${excess}'`);
      // The flags and the parser follow the arguments.
      parsed = { command, args: given.slice(0, -2) as Argument[], flags: given.at(-2) as Flags };
    });
  }
  try {
    program.parse([...argv], { from: 'user' });
    return parsed;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return undefined;
    throw codedError('ERR_INVALID_ARG_VALUE', sentenceOf(thrown.message));
  }
}

function isOutput({ usage }: Flag): boolean {
  return usage.includes('--debug');
}

function headingOf(group = 'Options'): string {
  return `${group}:`;
}

/** Values of flags that take numbers. */
const NUMERIC = /<(?:ms|n|bytes|port|4\|6)>/;

/** Declares a flag and a hidden opposite. The last one on the command line counts. */
function addFlag(parser: Parser, flag: Flag): void {
  const { usage, choices, conflicts = [], several, hidden = false } = flag;
  const option = new Option(usage, describe(flag))
    .conflicts([...conflicts])
    .helpGroup(headingOf(flag.group))
    .hideHelp(hidden);
  const name = option.name().replace(/^no-/, '');
  if (usage.includes('<')) {
    if (choices) option.choices(choices);
    const read = (option.parseArg as ((text: string, before: unknown) => unknown) | undefined) ?? ((text: string) => text);
    option.argParser((text: string, before: unknown) => {
      if (text.startsWith('--')) throw codedError('ERR_INVALID_ARG_VALUE', `Option '${usage}' needs a value before ${text}`);
      if (before !== undefined && !several) throw invalidValue(`--${name}`, 'must be given once', [before, text]);
      const value = NUMERIC.test(usage) && /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : read(text, undefined);
      return several ? [...((before as unknown[] | undefined) ?? []), value] : value;
    });
    parser.addOption(option);
    return;
  }
  const opposite = new Option(option.negate ? `--${name}` : `--no-${name}`).hideHelp();
  // The positive one comes first. Otherwise it would be on by default.
  for (const one of option.negate ? [opposite, option] : [option, opposite]) parser.addOption(one);
  // A flag that is switched back has no conflicts: the parser ignores values that have the source of a default.
  parser.on(`option:${opposite.name()}`, () => {
    parser.setOptionValueWithSource(option.attributeName(), option.negate, 'default');
  });
}

function describe({ meaning, choices = [], default: value }: Flag): string {
  const notes = [...(choices.length > 0 ? [choices.join(', ')] : []), ...(value === undefined ? [] : [`default: ${value}`])];
  return notes.length > 0 ? `${meaning} (${notes.join('; ')})` : meaning;
}

/** The part of a command's help before its flags. */
function descriptionOf({ summary, details, list }: Command, width: number): string {
  const lines = wrap([`${summary}.`, ...(details === undefined ? [] : [details])].join(' '), width);
  if (list) {
    const columns = Math.max(...list.items.map(([name]) => name.length));
    lines.push('', `${list.title}:`, ...list.items.map(([name, meaning]) => item(name, columns, meaning, width)));
  }
  return lines.join('\n');
}

/** Formats an error message of the parser as one line. */
function sentenceOf(message: string): string {
  const text = message
    .replace(/^error: /, '')
    .replace(/ argument missing$/, ' needs a value')
    .replace(/^missing required argument '(.*)'$/, '"$1" must be given')
    .replace(/\n\((Did you mean [^?]*\?)\)$/, '. $1');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function outputOf(terminal: Terminal) {
  const { stdout } = terminal;
  return {
    writeOut: (text: string) => stdout.write(text),
    getOutHelpWidth: () => appearance(stdout, {}).width,
    getOutHasColors: () => true, // text is styled elsewhere, and only for terminals with colours
    outputError: () => undefined, // the error is thrown as well
  };
}

/** The width of the column of names in a list. A longer name has a line of its own. */
const NAME_COLUMNS = 28;

function helpOf({ stdout }: Terminal): Partial<Help> {
  const { style } = appearance(stdout, {});
  return {
    sortOptions: false,
    styleTitle: (text) => style('bold', text),
    padWidth: (command, helper) => Math.min(NAME_COLUMNS, new Help().padWidth.call(helper, command, helper)),
    formatItem: (term, termWidth, description, helper) => item(term, termWidth, description, helper.helpWidth),
    boxWrap: (text) => text, // without the additions of commander
    optionDescription: (option) => option.description,
    subcommandTerm: (command) =>
      `${command.name()} ${command
        .usage()
        .replace(/ ?\[options\] ?/, ' ')
        .trim()}`.trim(),
    subcommandDescription: (command) => command.summary() || command.description(),
  };
}

/** Formats an item of a list in the help: a name, and beside or below it the meaning. */
function item(name: string, columns: number, meaning: string, width = 80): string {
  const indent = ' '.repeat(columns + 4);
  const text = wrap(meaning, width - indent.length).join(`\n${indent}`);
  return name.length > columns ? `  ${name}\n${indent}${text}` : `  ${name.padEnd(columns + 2)}${text}`;
}

/** Formats the examples of a help. The name of the program is added. */
function drawExamples(name: string, examples: readonly string[]): string {
  const lines = examples.map((line) => (line.includes(name) ? `  ${line}` : `  ${name} ${line}`.trimEnd()));
  return ['', 'Examples:', ...lines].join('\n');
}
