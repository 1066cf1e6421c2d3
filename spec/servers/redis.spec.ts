import { HOST, runExample } from '../support/program.js';
import { describeWith, startServer, type ServerProgram } from '../support/server-program.js';

describeWith(['redis-server'], 'ioredis', () => {
  let server: ServerProgram;

  beforeAll(async () => {
    server = await startServer('redis', ({ folder, cert, key, ports: [port, tlsPort] }) => {
      const settings = {
        bind: '127.0.0.1',
        port,
        'tls-port': tlsPort,
        'tls-cert-file': cert,
        'tls-key-file': key,
        'tls-auth-clients': 'no',
        dir: folder,
        save: '',
      };
      return {
        program: 'redis-server',
        args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
        ready: /Ready to accept connections/,
        signal: 'SIGTERM',
      };
    });
  });

  afterAll(() => server.close());

  it.each([
    ['redis', 0],
    ['rediss', 1],
  ] as const)('reaches Redis by %s', async (protocol, which) => {
    const ended = await runExample('clients/ioredis', [`${protocol}://${HOST}:${server.ports[which]}`], server.trusting);
    expect(ended).toEqual({ status: 0, stdout: '42\n', stderr: '' });
  });
});
