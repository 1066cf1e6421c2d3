/**
 * A feed that stays connected: it reconnects after an end and after an error, with a back-off that doubles while nothing works and
 * starts again once something did. In virtual time; leave out the network and the scheduler for a real one.
 */
import type { Socket } from 'node:net';
import { connection$ } from 'rx-happy-eyeballs';
import { connects, refuses, virtualNetwork } from 'rx-happy-eyeballs/testing';
import { fromEvent, repeat, retry, switchMap, take, takeUntil, tap, timer } from 'rxjs';

const FIRST_DELAY = 100;
const LONGEST_DELAY = 10_000;

const network = virtualNetwork({
  dns: ['2001:db8::1'],
  endpoints: {
    '2001:db8::1': (attempt) => {
      if (attempt % 4 !== 0) return refuses(5); // three of four attempts
      return connects(20, (server, { later }) => {
        later(50, () => server.end(`news ${attempt / 4}`));
      });
    },
  },
});
const { scheduler } = network;
const say = (text: string) => console.log(`${scheduler.now()} ms: ${text}`);

const wait = (failures: number) => {
  const delay = Math.min(FIRST_DELAY * 2 ** failures, LONGEST_DELAY);
  say(`waits for ${delay} ms`);
  return timer(delay, scheduler);
};
/** `fromEvent` alone would never end, and neither would the stream that is made of it. */
const dataOf = (socket: Socket) => fromEvent(socket, 'data').pipe(takeUntil(fromEvent(socket, 'close')));

const feed$ = connection$('feed.example', 7000, network).pipe(
  tap(() => say('connected')),
  switchMap(dataOf),
  retry({ delay: (_error, failures) => wait(failures - 1), resetOnSuccess: true }),
  repeat({ delay: () => wait(0) }),
  take(2),
);
await network.settle(feed$.pipe(tap((news) => say(String(news)))));
network.expectClean();
