import { spawnSync } from 'node:child_process';

const CHANGELOG = `# Changelog

## [Unreleased]

- soon

## [1.2.0] - 2027-01-31

### Added

- a door

## [1.1.0] - 2027-01-01

[1.2.0]: https://example.com
`;

/** What the script makes of a tag, in a Node of its own: ES modules are not for Jest's sandbox. */
function notesOf(tag: string, version: string): string {
  const program = `
    import { releaseNotes } from './scripts/release-notes.mjs';
    try { process.stdout.write(releaseNotes(...${JSON.stringify([tag, version, CHANGELOG])})); }
    catch ({ message }) { process.stdout.write('error: ' + message); }`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }).stdout;
}

describe('the notes of a release', () => {
  it.each([
    ['v1.2.0', '1.2.0', '### Added\n\n- a door\n'],
    ['v1.2.1', '1.2.0', 'error: The tag is v1.2.1, and package.json has version 1.2.0.'],
    ['v1.3.0', '1.3.0', 'error: CHANGELOG.md has no heading "## [1.3.0] - <date>".'],
    ['v1.1.0', '1.1.0', 'error: CHANGELOG.md says nothing of 1.1.0.'],
  ])('of %s at version %s', (tag, version, notes) => {
    expect(notesOf(tag, version)).toBe(notes);
  });
});
