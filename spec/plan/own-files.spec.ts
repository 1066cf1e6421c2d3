import { connect$, race$ } from '../../src/index.js';
import type * as hosts from '../../src/node/hosts-file.js';
import { connects, service, virtualNetwork } from '../../src/testing/index.js';

const LISTED = 'listed.example';
const LOCALHOST = 'localhost';
const FOUR = '192.0.2.1';

/** A hosts file of this machine with two entries. */
jest.mock('../../src/node/hosts-file.js', () => ({
  ...jest.requireActual<typeof hosts>('../../src/node/hosts-file.js'),
  systemHosts: (name: string) => (name === 'listed.example' || name === 'localhost' ? [{ address: '10.0.0.1', family: 4 }] : []),
}));

describe('[R16] the hosts file of this machine', () => {
  const network = () =>
    virtualNetwork({
      dns: { [LISTED]: { HTTPS: service('.', { port: 8443 }), A: FOUR } },
      endpoints: { [FOUR]: connects(5), '::1': connects(5), '127.0.0.1': connects(5) },
    });

  it('says nothing about the service records of a network that the caller brings', () => {
    const own = network();
    const { starts } = own.run(connect$(LISTED, 443, { ...own, serviceRecords: true }));
    expect(starts).toMatchObject([{ address: FOUR, port: 8443 }]);
  });

  it('says nothing about its localhost', () => {
    const own = network();
    expect(own.run(connect$(LOCALHOST, 443, own)).winner).toBe('::1');
  });

  it('has names without service records, where sockets of this machine connect', () => {
    const { resolver, scheduler } = network();
    const asked: string[] = [];
    const serviceRecords: typeof resolver.serviceRecords = (name) => {
      asked.push(name);
      return resolver.serviceRecords!(name);
    };
    const own = Object.assign((...query: Parameters<typeof resolver>) => resolver(...query), { serviceRecords });
    race$(LISTED, 443, { resolver: own, scheduler, serviceRecords: true }).subscribe().unsubscribe();
    race$('other.example', 443, { resolver: own, scheduler, serviceRecords: true }).subscribe().unsubscribe();
    expect(asked).toEqual(['other.example']);
  });
});
