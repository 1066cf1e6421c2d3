import { firstValueFrom, NEVER, Observable, of, toArray } from 'rxjs';
import { connect, connect$, ConnectionError, race$, staticResolver, type Endpoint } from '../src/index.js';

const resolver = staticResolver(['2001:db8::1', '192.0.2.1']);

describe('connect$', () => {
  it('is cold: each subscription is a race of its own', () => {
    const transport = jest.fn(({ address }: Endpoint) => of(address));
    const socket$ = connect$('example.com', 443, { resolver, transport });
    expect(transport).not.toHaveBeenCalled();
    socket$.subscribe();
    socket$.subscribe();
    expect(transport).toHaveBeenCalledTimes(2);
  });

  it('emits one value and completes', async () => {
    const transport = ({ address }: Endpoint) => of(address, 'another');
    await expect(firstValueFrom(connect$('example.com', 443, { resolver, transport }).pipe(toArray()))).resolves.toEqual([
      '2001:db8::1',
    ]);
  });
});

describe('race$', () => {
  it('tells the whole story, the winner last', async () => {
    const transport = ({ address }: Endpoint) => of(address);
    const events = await firstValueFrom(race$('example.com', 443, { resolver, transport }).pipe(toArray()));
    expect(events.map(({ type }) => type)).toEqual([
      'answered',
      'queued',
      'answered',
      'queued',
      'resolved',
      'started',
      'connected',
    ]);
    const six = { address: '2001:db8::1', family: 6, port: 443 },
      four = { address: '192.0.2.1', family: 4, port: 443 };
    expect(events[3]).toMatchObject({ type: 'queued', endpoints: [six, four] });
    expect(events.at(-1)).toMatchObject({ type: 'connected', endpoint: six, value: '2001:db8::1' });
  });
});

describe('connect', () => {
  it('resolves with the winner', async () => {
    await expect(connect('example.com', 443, { resolver, transport: ({ address }) => of(address) })).resolves.toBe('2001:db8::1');
  });

  it('rejects with a ConnectionError', async () => {
    await expect(connect('example.com', 443, { resolver: staticResolver([]) })).rejects.toThrow(ConnectionError);
  });
});

describe('[A13] an AbortSignal', () => {
  const hanging = () => {
    let open = 0;
    const transport = () =>
      new Observable<string>((subscriber) => {
        open++;
        subscriber.add(() => open--);
      });
    return { transport, open: () => open };
  };

  it('ends the race at once with its AbortError, everything released', async () => {
    const { transport, open } = hanging();
    const controller = new AbortController();
    const race = connect('example.com', 443, { resolver, transport, signal: controller.signal });
    await Promise.resolve();
    expect(open()).toBe(1);
    controller.abort();
    expect(open()).toBe(0);
    await expect(race).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('gives the reason of the abort', async () => {
    const reason = new Error('closing time');
    const controller = new AbortController();
    const race = connect('example.com', 443, { ...hanging(), open: undefined, resolver, signal: controller.signal } as never);
    controller.abort(reason);
    await expect(race).rejects.toBe(reason);
  });

  it('that is aborted already lets nothing begin', async () => {
    const ask = jest.fn(() => NEVER);
    await expect(connect('example.com', 443, { resolver: ask, signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(ask).not.toHaveBeenCalled();
  });

  it.each([
    ['won', (signal: AbortSignal) => connect('example.com', 443, { resolver, transport: () => of('won'), signal })],
    ['lost', (signal: AbortSignal) => connect('example.com', 443, { resolver: staticResolver([]), signal })],
  ])('has no listener of ours once the race is %s', async (_, race) => {
    const { signal } = new AbortController();
    const added = jest.spyOn(signal, 'addEventListener'),
      removed = jest.spyOn(signal, 'removeEventListener');
    await race(signal).catch(() => undefined);
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed).toHaveBeenCalledWith('abort', added.mock.calls[0]![1]);
  });
});
