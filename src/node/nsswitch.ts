import { watchedFile } from './watched-file.js';

/** The file that configures glibc's sources for hosts: nsswitch.conf(5). */
export const SYSTEM_NSSWITCH_CONF = '/etc/nsswitch.conf';

/** glibc's default sources. */
const DEFAULT_SOURCES: readonly string[] = ['files', 'dns'];

/** Parses the sources for hosts in a nsswitch.conf, in order, without the actions between them. */
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

/** Reads the sources for hosts on first use, and again whenever the file has changed. */
export function hostSources(path: string = SYSTEM_NSSWITCH_CONF): () => readonly string[] {
  return watchedFile(path, parseHostSources);
}
