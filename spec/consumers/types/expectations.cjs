// Compares what a compiler says of the two files with what it must say.
const { readFileSync } = require('node:fs');

/** Lines of one error at most, and characters of a line. */
const MOST_LINES = 5;
const LONGEST = 400;

/** @param {string} output of tsc, without colours; @returns {string[]} what is otherwise than it must be */
exports.problemsOf = function problemsOf(output, refused) {
  const problems = [];
  /** @type {Map<number, string[]>} */
  const errors = new Map();
  let latest;
  for (const line of output.split('\n').filter(Boolean)) {
    const [, file, number] = /^(?:.*[/\\])?([\w.-]+)\((\d+),\d+\): error/.exec(line) ?? [];
    if (file === 'refused.ts') errors.set(Number(number), (latest = [...(errors.get(Number(number)) ?? []), line]));
    else if (!file && latest) latest.push(line);
    else problems.push(line);
  }
  readFileSync(refused, 'utf8')
    .split('\n')
    .forEach((line, index) => {
      const [, expected] = /; \/\/ (.*)$/.exec(line) ?? [];
      const said = errors.get(index + 1);
      if (expected === undefined) {
        if (said) problems.push(`unexpected: ${said.join('\n')}`);
      } else if (!said) problems.push(`compiles: ${line}`);
      else if (!said.join('\n').includes(expected)) problems.push(`does not say ${expected}: ${said.join('\n')}`);
      else if (said.length > MOST_LINES || said.some(({ length }) => length > LONGEST))
        problems.push(`${said.length} lines: ${said.join('\n')}`);
    });
  return problems;
};
