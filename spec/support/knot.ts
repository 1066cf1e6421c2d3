import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { NEVER } from 'rxjs';
import { race$, serviceResolver, type RaceOptions } from '../../src/index.js';
import { startServer, type ServerProgram } from './server-program.js';
import { placeOf } from './service-zone.js';

/** Runs Knot DNS, which serves zones by their names. */
export function startKnot(zones: Readonly<Record<string, string>>): Promise<ServerProgram> {
  return startServer('knot', ({ folder, ports: [port] }) => {
    const config = `${folder}/knot.conf`;
    mkdirSync(`${folder}/db`);
    chmodSync(`${folder}/db`, 0o777);
    for (const [zone, text] of Object.entries(zones)) writeFileSync(`${folder}/${zone}.zone`, text);
    const served = Object.keys(zones).map(
      (zone) => `  - domain: ${zone}\n    file: ${zone}.zone\n    zonefile-sync: -1\n    journal-content: none\n`,
    );
    writeFileSync(
      config,
      `server:\n    listen: 127.0.0.1@${port}\n    rundir: ${folder}\nlog:\n  - target: stdout\n    any: info\n` +
        `database:\n    storage: ${folder}/db\ntemplate:\n  - id: default\n    storage: ${folder}\nzone:\n${served.join('')}`,
    );
    return { program: 'knotd', args: ['-c', config], ready: /server started/, signal: 'SIGTERM' };
  });
}

/** Where a race for https goes that asks a DNS server, in order; nothing answers. */
export function placesBy(server: string, host: string, { port = 443, ...options }: RaceOptions & { port?: number } = {}) {
  return new Promise<string[]>((resolve) => {
    const started: string[] = [];
    const events$ = race$(host, port, {
      serviceRecords: { scheme: 'https', alpn: ['h2', 'http/1.1'] },
      resolver: serviceResolver({ servers: [server], hostsFile: false, families: () => [6, 4] }),
      transport: () => NEVER,
      connectionAttemptDelay: 10,
      resolutionDelay: 1000,
      maxConcurrentAttempts: Infinity,
      connectTimeout: 1500,
      ...options,
    });
    events$.subscribe({
      next: (event) => event.type === 'started' && started.push(placeOf(event.endpoint)),
      error: () => {
        resolve(started);
      },
    });
  });
}
