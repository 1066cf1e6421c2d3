import { hostPort } from '../../src/core/input/host-port.js';

describe('what people write for a host and a port', () => {
  it.each([
    ['example.com', 'example.com', undefined],
    ['example.com:8443', 'example.com', '8443'],
    ['example.com:', 'example.com', ''],
    ['192.0.2.1', '192.0.2.1', undefined],
    ['192.0.2.1:53', '192.0.2.1', '53'],
    ['2001:db8::1', '2001:db8::1', undefined],
    ['[2001:db8::1]', '2001:db8::1', undefined],
    ['[2001:db8::1]:53', '2001:db8::1', '53'],
    ['[fe80::1%eth0]:53', 'fe80::1%eth0', '53'],
    ['[2001:db8::1]:', '2001:db8::1', ''],
    [':443', '', '443'],
    ['[2001:db8::1', '[2001:db8:', '1'],
    ['', '', undefined],
  ])('%j is host %j and port %j', (text, host, port) => {
    expect(hostPort(text)).toEqual({ host, ...(port !== undefined && { port }) });
  });
});
