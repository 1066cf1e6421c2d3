// What destination address selection adds to a race of 2 + 2 addresses: two UDP sockets, four questions to the kernel.
import { bench, do_not_optimize, run } from 'mitata';
import { rfc6724 } from '../dist/index.mjs';

const sort = rfc6724();
const addresses = ['2001:db8::1', '2001:db8::2', '192.0.2.1', '192.0.2.2'];

bench('destination address selection of 2 + 2 addresses', () => {
  const endpoints = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4, port: 443 }));
  do_not_optimize(sort(endpoints));
});
await run();
