/** Phrases that have a better form, each with advice. What reads like a translation is read twice. */
const RULES = [
  [/so many/, 'name the parameter: "`limit` subscriptions"'],
  [
    /(?:is|are|was|were|be|been|being) told (?:of|that|which|what|when|why|how)/,
    'say "called with", "notified of", "reported" or "logged"',
  ],
  [/in vain/, 'say "without effect", or what does not happen'],
  [/whoever|whomever/, 'say "the caller", "its user", "anyone who"'],
  [/nobody|somebody/, 'name what it is; for people "no one" or "someone"'],
  [/(?<!there )(?:is|are) none/, 'say "is invalid" or "there is no …"'],
  [/(?:is|are|was|were|be|been) done without/, 'say "is ignored", or "goes on without"'],
  [/(?:passed|passes|pass|passing) over/, 'say "skipped"'],
  [/anew/, 'say "again" or "from scratch"'],
  [/as ever/, 'say "as before" or "as usual"'],
  [/it went wrong/, 'say "unexpected error"'],
  [/whence|thereof|wherein|therein|hitherto|thereupon/, 'use a plain word'],
  [/innards/, 'say "internals"'],
  [/(?:deadly|lethal) errors?/, 'say "fatal"'],
  [/of (?:use|need), not of (?:use|need)/, 'say what must not fail'],
  [/for want of/, 'say "without" or "because there is no"'],
  [/there where/, 'say "where"'],
  [/puts? (?:another|others|it) in place of/, 'say "replaces"'],
];

/** A phrase may go on in the next line of a comment. */
const GAP = String.raw`(?:[ \t]+|[ \t]*\r?\n[ \t]*(?:\*|//|#)?[ \t]*)`;

const PATTERNS = RULES.map(([{ source }, advice]) => [new RegExp(`\\b(?:${source.replaceAll(' ', GAP)})\\b`, 'gi'), advice]);

const blank = (text) => text.replace(/[^\n]/g, ' ');

/** Code blocks, code in a line and quotations are not the author's prose. */
const withoutCode = (markdown) => markdown.replace(/^(```|~~~)[^]*?^\1/gm, blank).replace(/`[^`\n]*`/g, blank);

/** @returns {{ line: number, phrase: string, advice: string }[]} in the order of the text */
export function phrasesIn(text, isMarkdown = false) {
  const prose = isMarkdown ? withoutCode(text) : text;
  return PATTERNS.flatMap(([pattern, advice]) =>
    [...prose.matchAll(pattern)].map(({ 0: found, index }) => ({
      line: prose.slice(0, index).split('\n').length,
      phrase: found.replace(new RegExp(GAP, 'g'), ' '),
      advice,
    })),
  ).sort((one, other) => one.line - other.line);
}
