import { conclusion } from '../../src/cli/conclusion.js';
import { codedError } from '../../src/core/error-tools.js';
import { ConnectionError } from '../../src/core/race/connection-error.js';
import type { Endpoint, RaceEvent } from '../../src/index.js';

const SIX: Endpoint = { address: '2001:db8::dead', family: 6, port: 8081 };
const FOUR: Endpoint = { address: '192.0.2.80', family: 4, port: 8081 };
const FIVE: Endpoint = { address: '192.0.2.81', family: 4, port: 8081 };

/** What is said of a race whose attempts failed with these codes; `undefined`: it was still waiting for an answer. */
function said(fates: readonly (readonly [Endpoint, string | undefined])[], timedOut = false): string {
  const events: RaceEvent[] = fates.map(([endpoint], at) => ({ type: 'started', at, endpoint }));
  for (const [endpoint, code] of fates) {
    if (code !== undefined) events.push({ type: 'failed', at: 10, endpoint, error: codedError(code, `connect ${code}`) });
  }
  const error = new ConnectionError({ host: 'shop.example', port: 8081, preferredFamily: 6, timedOut, endedAt: 20, events });
  return conclusion({ outcome: 'failed', error, events } as never);
}

describe('the sentence about a lost race', () => {
  it('names what each address failed for, and advises about the one that came farthest', () => {
    expect(said([[SIX, undefined], [FOUR, 'ECONNREFUSED']], true)).toBe(
      'Could not connect to shop.example:8081: [2001:db8::dead]:8081 did not answer, 192.0.2.80:8081 failed (ECONNREFUSED); nothing listens there: is the service running, and is this its port?',
    ); // prettier-ignore
    expect(said([[SIX, 'EHOSTUNREACH'], [FOUR, 'ECONNREFUSED']])).toBe(
      'Could not connect to shop.example:8081: [2001:db8::dead]:8081 failed (EHOSTUNREACH), 192.0.2.80:8081 failed (ECONNREFUSED); nothing listens there: is the service running, and is this its port?',
    ); // prettier-ignore
    expect(
      said([
        [SIX, 'ENETUNREACH'],
        [FOUR, 'CERT_HAS_EXPIRED'],
      ]),
    ).toContain('--insecure');
  });

  it('counts addresses that failed alike', () => {
    expect(said([[SIX, 'EHOSTUNREACH'], [FOUR, 'ECONNREFUSED'], [FIVE, 'ECONNREFUSED']])).toContain(
      '[2001:db8::dead]:8081 failed (EHOSTUNREACH), 192.0.2.80:8081 and 1 more failed (ECONNREFUSED); ',
    ); // prettier-ignore
  });

  it('names a reason alone where all addresses have the same', () => {
    expect(said([[FOUR, 'ECONNREFUSED'], [FIVE, 'ECONNREFUSED']])).toMatch(/:8081: ECONNREFUSED; nothing listens there/); // prettier-ignore
  });

  it('names at most four reasons', () => {
    const codes = ['EHOSTUNREACH', 'ENETUNREACH', 'ECONNRESET', 'EPERM', 'EACCES', 'ECONNREFUSED'];
    const text = said(codes.map((code, i) => [{ ...FOUR, address: `192.0.2.${i + 1}` }, code]));
    expect(text).toContain('192.0.2.4:8081 failed (EPERM), and 2 other reasons; nothing listens there');
  });
});
