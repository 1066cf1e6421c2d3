import { HOST, runExample } from '../support/program.js';
import { describeWith, startServer, type ServerProgram } from '../support/server-program.js';

describeWith(['postgres', 'initdb'], 'pg', () => {
  let server: ServerProgram;

  beforeAll(async () => {
    server = await startServer('postgres', ({ folder, cert, key, ports, run }) => {
      run('initdb', '--pgdata', `${folder}/data`, '--username', 'me', '--auth', 'trust', '--no-sync');
      const settings = {
        listen_addresses: '127.0.0.1',
        port: ports[0],
        unix_socket_directories: folder,
        ssl: 'on',
        ssl_cert_file: cert,
        ssl_key_file: key,
      };
      const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      return {
        program: 'postgres',
        args: ['-D', `${folder}/data`, ...args],
        ready: /ready to accept connections/,
        signal: 'SIGINT',
      };
    });
  });

  afterAll(() => server.close());

  it.each(['disable', 'verify-full'])('reaches PostgreSQL (sslmode: %s)', async (mode) => {
    const url = `postgres://me@${HOST}:${server.ports[0]}/postgres?sslmode=${mode}`;
    const ended = await runExample('clients/pg', [url], server.trusting);
    expect(ended).toEqual({ status: 0, stdout: '42\n', stderr: '' });
  });

  it('trusts no other server than it should', async () => {
    const url = `postgres://me@${HOST}:${server.ports[0]}/postgres?sslmode=verify-full`;
    const { status, stderr } = await runExample('clients/pg', [url]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/UNABLE_TO_VERIFY/);
  });
});
