/** Jest's last words are a count of skipped specs. This reporter says which they are, and why; not of those that `-t` leaves out. */
export default class SkippedReporter {
  constructor({ testNamePattern }) {
    this.isPartial = Boolean(testNamePattern);
  }

  onRunComplete(_, { testResults }) {
    if (this.isPartial) return;
    const lines = skippedLines(testResults);
    if (lines.length > 0) process.stderr.write(`\n${lines.join('\n')}\n`);
  }
}

/** The reason is part of a title, of the spec or of a `describe` around it: `(skipped: needs root)`. */
const REASON = /\s*\(skipped: (.*)\)$/s;

/** Groups skipped specs by reason and by file. A group of a `describe` is one line. */
export function skippedLines(testResults, root = process.cwd()) {
  const groups = new Map();
  let count = 0;
  for (const { testFilePath, testResults: specs } of testResults) {
    for (const { status, title, ancestorTitles } of specs) {
      if (status !== 'pending' && status !== 'todo') continue;
      count++;
      const titles = [...ancestorTitles, title];
      const index = titles.findIndex((one) => REASON.test(one));
      const reason = index < 0 ? (status === 'todo' ? 'not written yet' : 'no reason is given') : REASON.exec(titles[index])[1];
      const name = titles
        .slice(0, index < 0 ? undefined : index + 1)
        .join(' › ')
        .replace(REASON, '');
      const file = testFilePath.startsWith(root) ? testFilePath.slice(root.length + 1) : testFilePath;
      const group = groups.get(reason) ?? new Map();
      const line = `${file}: ${name}`;
      groups.set(reason, group.set(line, (group.get(line) ?? 0) + 1));
    }
  }
  if (count === 0) return [];
  return [
    `Skipped: ${count} ${count === 1 ? 'spec' : 'specs'}`,
    ...[...groups].flatMap(([reason, lines]) => [
      `  ${reason}`,
      ...[...lines].map(([line, specs]) => `    ${line}${specs > 1 ? ` (${specs} specs)` : ''}`),
    ]),
  ];
}
