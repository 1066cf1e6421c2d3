import { bulkhead as cockatielBulkhead } from 'cockatiel';
import { lastValueFrom } from 'rxjs';
import { bulkhead, fail, fromCockatiel, never, pass, service, timeout, type AnyPolicy } from '../../src/policy/index.js';
import { fetchLike } from '../support/fetch-like.js';

/** Policies whose winner is the source itself, with a loser beside it. */
const WINNERS: Readonly<Record<string, AnyPolicy>> = {
  'never & pass': never.and(pass),
  'pass & never': pass.and(never),
  'fail | pass': fail.or(pass),
  'pass | fail': pass.or(fail),
  'never &1 pass': never.hedge(pass, 1),
  'pass &1 never': pass.hedge(never, 1),
  'never & (fail | (pass &1 never))': never.and(fail.or(pass.hedge(never, 1))),
  'timeout(1000) + bulkhead(1)': timeout(1000).wrap(bulkhead(1)),
  cockatiel: fromCockatiel(cockatielBulkhead(1)),
};

describe('a response whose request is aborted by unsubscription', () => {
  it.each(Object.keys(WINNERS))('keeps its body under %s', async (name) => {
    const { source, wasAborted } = fetchLike('response');
    await expect(lastValueFrom(source.pipe(WINNERS[name]!))).resolves.toBe('response');
    await new Promise(setImmediate);
    expect(wasAborted()).toBe(false);
  });

  it.each(Object.keys(WINNERS))('is aborted under %s when it is no longer waited for', (name) => {
    const { source, wasAborted } = fetchLike('response', 10_000);
    const subscription = source.pipe(WINNERS[name]!).subscribe();
    subscription.unsubscribe();
    // Cockatiel has begun by then, or not: it is asynchronous.
    if (name !== 'cockatiel' && !name.startsWith('never &1')) expect(wasAborted()).toBe(true);
  });

  it('is not aborted before its value is handed over, and a loser is', async () => {
    const [winner, loser] = [fetchLike('winner'), fetchLike('loser', 10_000)];
    const seen: unknown[] = [];
    const both = service(() => winner.source).and(service(() => loser.source));
    both('request').subscribe(() => seen.push(winner.wasAborted(), loser.wasAborted()));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen).toEqual([false, true]);
  });
});
