import { HOST, runExample } from '../support/program.js';
import { describeWith, startServer, type ServerProgram } from '../support/server-program.js';

describeWith(['mariadbd', 'mariadb-install-db'], 'mysql2', () => {
  let server: ServerProgram;

  beforeAll(async () => {
    server = await startServer('mysql', ({ folder, cert, key, ports: [port], run }) => {
      const data = `--datadir=${folder}/data`;
      run('mariadb-install-db', '--no-defaults', data, '--auth-root-authentication-method=normal', '--skip-name-resolve');
      const settings = {
        'bind-address': '127.0.0.1',
        port,
        socket: `${folder}/mysqld.sock`,
        'pid-file': `${folder}/mysqld.pid`,
        'ssl-cert': cert,
        'ssl-key': key,
      };
      const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
      return {
        program: 'mariadbd',
        args: ['--no-defaults', data, ...args],
        ready: /ready for connections/,
        signal: 'SIGTERM',
      };
    });
  });

  afterAll(() => server.close());

  it.each([
    ['without TLS', ''],
    ['with TLS', `?ssl=${encodeURIComponent(JSON.stringify({ verifyIdentity: true }))}`],
  ])('reaches MariaDB %s', async (_how, options) => {
    const url = `mysql://root@${HOST}:${server.ports[0]}/mysql${options}`;
    const ended = await runExample('clients/mysql2', [url], server.trusting);
    expect(ended).toEqual({ status: 0, stdout: '42\n', stderr: '' });
  });
});
