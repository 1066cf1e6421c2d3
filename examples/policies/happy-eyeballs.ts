/**
 * Happy Eyeballs as a policy: IPv6, and IPv4 250 ms later or when that fails. Simulated, in virtual time.
 */
import { service } from 'rx-happy-eyeballs/policy';
import { map, throwError, timer, VirtualTimeScheduler } from 'rxjs';

/** ms; RFC 8305 section 8 */
const CONNECTION_ATTEMPT_DELAY = 250;

/** ms that each family takes to connect; `Infinity`: it is not there. */
const networks = [
  { title: 'both are well', v6: 20, v4: 20 },
  { title: 'IPv6 is slow', v6: 600, v4: 20 },
  { title: 'there is no IPv6', v6: Infinity, v4: 20 },
];

for (const { title, v6, v4 } of networks) {
  const scheduler = new VirtualTimeScheduler();

  const over = (family: string, after: number) =>
    service((host: string) => {
      console.log(`  ${scheduler.now()} ms: ${host} over ${family}`);
      if (after === Infinity) return throwError(() => new Error('ENETUNREACH'));
      return timer(after, scheduler).pipe(map(() => family));
    }, family);

  const connect = over('IPv6', v6).hedge(over('IPv4', v4), CONNECTION_ATTEMPT_DELAY, { scheduler });

  console.log(`${title}: ${String(connect)}`);
  connect('example.com').subscribe((family) => console.log(`  ${scheduler.now()} ms: connected over ${family}`));
  scheduler.flush();
}
