import { catchError, EMPTY, map, mergeMap, of, Subject, type Observable } from 'rxjs';
import { createConnector, staticResolver, type ConnectorRace, type RaceEvent } from '../../src/index.js';
import { connects, hangs, refuses, virtualNetwork } from '../../src/testing/index.js';

const six = '2001:db8::1';

/** What those that watch see. */
function watch(races$: Observable<ConnectorRace>) {
  const seen: string[] = [];
  const subscription = races$.subscribe(({ host, port, partition, events$ }) => {
    const name = `${host}:${port}${partition && ` of ${partition}`}`;
    // eslint-disable-next-line rxjs-x/no-nested-subscribe -- each race is watched as it begins
    events$.subscribe({
      next: ({ type }) => seen.push(`${name} ${type}`),
      error: ({ code }: { code: string }) => seen.push(`${name} ${code}`),
      complete: () => seen.push(`${name} over`),
    });
  });
  return { seen, subscription };
}

describe('races$', () => {
  it('has every race of the connector, however it was begun, with all that happens in it', () => {
    const network = virtualNetwork({ dns: [six], endpoints: { [six]: connects(5) } });
    const connector = createConnector(network);
    const { seen } = watch(connector.races$);
    connector.connect$('a.example', 1).subscribe((socket) => socket.destroy());
    network.flush();
    void connector.connect('b.example', 2, { partition: 'tenant' }).then((socket) => socket.destroy());
    network.flush();
    connector.race$('a.example', 3).subscribe();
    network.flush();
    connector.connection$('a.example', 4).subscribe().unsubscribe();
    expect(seen.filter((line) => /connected|over/.test(line))).toEqual([
      'a.example:1 connected',
      'a.example:1 over',
      'b.example:2 of tenant connected',
      'b.example:2 of tenant over',
      'a.example:3 connected',
      'a.example:3 over',
      'a.example:4 over',
    ]);
    expect(seen.slice(0, 4)).toEqual(['answered', 'queued', 'answered', 'resolved'].map((type) => `a.example:1 ${type}`));
  });

  it('errors in the race alone that has failed', () => {
    const network = virtualNetwork({ dns: [six], endpoints: { [six]: refuses(5) } });
    const connector = createConnector(network);
    const { seen } = watch(connector.races$);
    connector.connect$('a.example', 1).subscribe({ error: () => seen.push('its caller') });
    network.flush();
    expect(seen.slice(-3)).toEqual(['a.example:1 failed', 'a.example:1 ECONNREFUSED', 'its caller']);
    connector.connect$('a.example', 1).subscribe({ error: () => undefined });
    network.flush();
    expect(seen.filter((line) => line.endsWith('ECONNREFUSED'))).toHaveLength(2);
  });

  it('is told before the caller is, and completes without a winner where the race is cancelled', () => {
    const network = virtualNetwork({ dns: [six], endpoints: { [six]: hangs() } });
    const connector = createConnector(network);
    const { seen } = watch(connector.races$);
    const subscription = connector.connect$('a.example', 1).subscribe();
    network.advance(10);
    subscription.unsubscribe();
    expect(seen.slice(-2)).toEqual(['a.example:1 started', 'a.example:1 over']);
    network.expectClean();
  });

  it('is hot: there are no races from before, and none is kept from a race without a subscriber', () => {
    const connector = createConnector({ resolver: staticResolver([six]), transport: () => of('v') });
    connector.connect$('a.example', 1).subscribe();
    const { seen, subscription } = watch(connector.races$);
    expect(seen).toEqual([]);
    connector.connect$('b.example', 1).subscribe();
    expect(seen.length).toBeGreaterThan(0);
    const { length } = seen;
    subscription.unsubscribe();
    connector.connect$('c.example', 1).subscribe();
    expect(seen).toHaveLength(length);
  });

  it("has a race's events from the beginning, however late they are subscribed to", () => {
    const connector = createConnector({ resolver: staticResolver([six]), transport: () => of('v') });
    const races: ConnectorRace[] = [];
    connector.races$.subscribe((race) => races.push(race));
    connector.connect$('a.example', 1).subscribe();
    const types: string[] = [];
    races[0]!.events$.subscribe(({ type }) => types.push(type));
    expect([types[0], types.at(-1)]).toEqual(['answered', 'connected']);
  });

  it('counts a race that waits for its turn once it begins', () => {
    const connections = new Subject<string>();
    const connector = createConnector({
      resolver: staticResolver([six]),
      transport: () => connections,
      maxConcurrentRaces: 1,
    });
    const begun: number[] = [];
    connector.races$.subscribe(({ port }) => begun.push(port));
    connector.connect$('a.example', 1).subscribe();
    const second = connector.connect$('a.example', 2).subscribe();
    const third = connector.connect$('a.example', 3).subscribe();
    third.unsubscribe();
    expect(begun).toEqual([1]);
    connections.next('v');
    expect(begun).toEqual([1, 2]);
    second.unsubscribe();
  });

  it('destroys what was won by a race that its watcher has ended', () => {
    const destroy = jest.fn();
    const connections = new Subject<{ destroy: () => void }>();
    const connector = createConnector({ resolver: staticResolver([six]), transport: () => connections });
    connector.races$.pipe(mergeMap(({ events$ }) => events$)).subscribe(({ type }) => {
      if (type === 'connected') race.unsubscribe();
    });
    const values: unknown[] = [];
    const race = connector.connect$('a.example', 1).subscribe((value) => values.push(value));
    connections.next({ destroy });
    expect(values).toEqual([]);
    expect(destroy).toHaveBeenCalledTimes(1);
  });

  it('is one line to log all races', () => {
    const network = virtualNetwork({ dns: [six], endpoints: { [six]: (attempt) => (attempt === 1 ? refuses(5) : connects(5)) } });
    const connector = createConnector(network);
    const lines: string[] = [];
    const line = (host: string) => (event: RaceEvent) => `${host} ${event.type}`;
    connector.races$
      .pipe(
        mergeMap(({ host, events$ }) =>
          events$.pipe(
            map(line(host)),
            catchError(() => EMPTY),
          ),
        ),
      )
      .subscribe((text) => lines.push(text));
    for (const host of ['a.example', 'b.example']) {
      connector.connect$(host, 1).subscribe({ next: (socket) => socket.destroy(), error: () => undefined });
      network.flush();
    }
    expect(lines.filter((text) => /started|failed|connected/.test(text))).toEqual([
      'a.example started',
      'a.example failed',
      'b.example started',
      'b.example connected',
    ]);
  });
});
