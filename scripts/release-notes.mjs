// Prints what CHANGELOG.md says of a release, for the release on GitHub. Ends with status 1 unless the tag, package.json and a
// heading of CHANGELOG.md name the same version. Usage: node scripts/release-notes.mjs v1.2.3
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @throws Error for a tag that is not that of the package's version, and for a version without a section of its own */
export function releaseNotes(tag, version, changelog) {
  if (tag !== `v${version}`) throw new Error(`The tag is ${tag}, and package.json has version ${version}.`);
  const sections = changelog.split(/^(?=## )/m);
  const section = sections.find((text) => text.startsWith(`## [${version}] - `));
  if (!section) throw new Error(`CHANGELOG.md has no heading "## [${version}] - <date>".`);
  const notes = section
    .replace(/^.*\n/, '')
    .replace(/^\[[^\]]+\]: .*$/gm, '')
    .trim();
  if (notes === '') throw new Error(`CHANGELOG.md says nothing of ${version}.`);
  return `${notes}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    process.stdout.write(releaseNotes(process.argv[2], version, readFileSync('CHANGELOG.md', 'utf8')));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
