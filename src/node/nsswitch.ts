import { watchedFile } from './watched-file.js';

/** Where glibc says in which order it asks for hosts: nsswitch.conf(5). */
export const SYSTEM_NSSWITCH_CONF = '/etc/nsswitch.conf';

/** What glibc asks where the file says nothing. */
const DEFAULT_SOURCES: readonly string[] = ['files', 'dns'];

/** Reads the sources that a nsswitch.conf names for hosts, in order, without the actions between them. */
export function parseHostSources(text: string): readonly string[] {
  const line = text
    .split('\n')
    .map((each) => each.replace(/#.*/, ''))
    .find((each) => /^\s*hosts:/.test(each));
  const sources = line
    ?.replace(/^\s*hosts:/, '')
    .replace(/\[[^\][]*\]/g, ' ')
    .split(/\s+/)
    .filter((source) => source !== '');
  return sources && sources.length > 0 ? sources : DEFAULT_SOURCES;
}

/** Reads the sources for hosts when they are first asked for, and again whenever the file has changed. */
export function hostSources(path: string = SYSTEM_NSSWITCH_CONF): () => readonly string[] {
  return watchedFile(path, parseHostSources);
}
