import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { about, certificateWords, ERROR_WORDS, generalWords, wordsFor, type ErrorWords } from '../../src/core/error-words.js';

const root = join(__dirname, '..', '..');
const table = Object.entries<ErrorWords>(ERROR_WORDS);

const section = /^### Codes\n(.*?)^### /ms.exec(readFileSync(join(root, 'docs', 'troubleshooting.md'), 'utf8'))![1]!;
/** The rows of the documentation: the codes of each, and what it says they mean. */
const rows = [...section.matchAll(/^\| (`.+?) +\| (.+?) +\| .+ \|$/gm)].map(([, codes, meaning]) => ({
  codes: [...codes!.matchAll(/`([^`]+)`/g)].map(([, code]) => code!),
  meaning: meaning!,
}));
const rowOf = (code: string) => rows.find(({ codes }) => codes.includes(code));

describe('the table of error codes', () => {
  it.each(table)('has a row in docs/troubleshooting.md for %s, with its meaning', (code, { meaning }) => {
    expect(rowOf(code)?.meaning.toLowerCase()).toContain(meaning.toLowerCase());
  });

  it('has every code of the documentation but those of wrong arguments', () => {
    const codes = rows.flatMap((row) => row.codes);
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.filter((code) => wordsFor(code) === undefined)).toEqual([
      'ERR_SSL_…',
      'ERR_INVALID_ARG_TYPE',
      'ERR_INVALID_ARG_VALUE',
      'ERR_OUT_OF_RANGE',
    ]);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('is the only one: no other file has several of its codes as keys', () => {
    const files = ['src', 'playground/src'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    );
    const others = files
      .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('error-words.ts'))
      .filter((file) => {
        const text = readFileSync(join(root, file), 'utf8');
        return table.filter(([code]) => new RegExp(`^\\s*'?${code}'?: ?['"\`{]`, 'm').test(text)).length > 1;
      });
    expect(others).toEqual([]);
  });

  it.each(table)('has clauses for %s that can be continued', (_, { short, meaning, query = 'it', advice, repair, listening }) => {
    for (const clause of [short, meaning, query]) expect(clause).toMatch(/^[^\s.].*[^.\s:;]$/);
    expect(advice).toMatch(/^[a-z].*[.?]$/);
    for (const sentences of [repair, listening]) expect(sentences ?? 'None.').toMatch(/^[A-Z].*\.$/);
  });

  it.each(table.filter(([, { subject }]) => subject === 'certificate'))('says how to repair %s', (_, { repair }) => {
    expect(repair).toBeDefined();
  });

  it.each<[string, string | undefined]>([
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'the TLS handshake failed'],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'the TLS handshake failed'],
    ['CERT_REVOKED', 'the certificate is not trusted'],
    ['CRL_SIGNATURE_FAILURE', 'the certificate is not trusted'],
    ['ESOMETHING', undefined],
  ])('has general words for the family of %s: %s', (code, meaning) => {
    expect(wordsFor(code)).toBeUndefined();
    expect(generalWords(code)?.meaning).toBe(meaning);
  });

  it.each(['toString', '__proto__', '', null, undefined])('has no words for %j', (code) => {
    expect(wordsFor(code)).toBeUndefined();
  });

  it('has words for any code of a certificate that was not accepted', () => {
    expect(certificateWords('CERT_HAS_EXPIRED').short).toBe('it has expired');
    expect(certificateWords('HOSTNAME_MISMATCH').short).toBe('it is not to be trusted');
    expect(certificateWords('ECONNREFUSED').short).toBe('it is not to be trusted');
  });

  it('leaves a name open, which is taken as it is', () => {
    expect(about(ERROR_WORDS.ERR_TLS_CERT_ALTNAME_INVALID.short, '$&.example')).toBe('it is not for $&.example');
  });
});
