/**
 * A download from whichever mirror answers first; the request to the other is cancelled. Two servers of its own, on this
 * machine.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { service } from 'rx-happy-eyeballs/policy';
import { lastValueFrom } from 'rxjs';
import { fromFetch } from 'rxjs/fetch';

/** A mirror that takes `latency` ms to answer, and reports when a request is cancelled. */
async function mirror(name: string, latency: number) {
  const server = http.createServer((_request, response) => {
    response.setHeader('connection', 'close');
    const answer = setTimeout(() => response.end(`the file, of ${name}`), latency);
    response.on('close', () => {
      clearTimeout(answer);
      if (!response.writableFinished) console.log(`${name}: the request was cancelled`);
      server.close();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return service(
    (path: string) => fromFetch(`http://127.0.0.1:${port}${path}`, { selector: (response) => response.text() }),
    name,
  );
}

const [near, far] = await Promise.all([mirror('near', 50), mirror('far', 5000)]);
console.log(await lastValueFrom(near.and(far)('/file')));
