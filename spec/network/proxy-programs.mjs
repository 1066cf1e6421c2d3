// Runs real programs by way of the built package's proxy, in a network where the first address of every name is dead, and prints what
// came of each as JSON. Runs within a namespace; see proxy.spec.ts.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';

const { FOLDER: folder, LIVE: live, PROGRAMS: programs } = process.env;
const cli = join(process.cwd(), 'dist', 'cli.mjs');
const file = (name) => join(folder, name);

/** A repository that is served as files. */
function makeRepository() {
  const git = (...args) => execFileSync('git', args, { cwd: folder, stdio: 'pipe', env: { ...process.env, HOME: folder } });
  git('init', '-q', 'work');
  writeFileSync(file('work/hello'), 'hello from git\n');
  git('-C', 'work', 'add', 'hello');
  git('-C', 'work', '-c', 'user.name=me', '-c', 'user.email=me@example.com', 'commit', '-qm', 'hello');
  git('clone', '-q', '--bare', 'work', 'project.git');
  git('-C', 'project.git', 'update-server-info');
}

function serve(request, response) {
  const [, path] = /^(?:http:\/\/[^/]+)?\/([\w./-]*)/.exec(request.url);
  if (!path.startsWith('project.git/')) {
    response
      .setHeader('Content-Type', 'text/html')
      .end(`<title>hello</title>hello over ${request.socket.encrypted ? 'https' : 'http'}\n`);
    return;
  }
  try {
    response.end(readFileSync(file(path)));
  } catch {
    response.writeHead(404).end();
  }
}

/** Runs a program to its end. */
function run(program, args, env = {}) {
  return new Promise((resolve) => {
    const began = performance.now();
    const options = { timeout: 60_000, env: { ...process.env, HOME: folder, ...env } };
    execFile(program, args, options, (error, stdout, stderr) => {
      resolve({ status: error ? (error.code ?? -1) : 0, stdout, stderr, ms: Math.round(performance.now() - began) });
    });
  });
}

/** As its user would, with `run --` before the command. */
const cured = (...command) =>
  run(process.execPath, [cli, 'run', '--', ...command], { SSL_CERT_FILE: file('ca'), GIT_SSL_CAINFO: file('ca') });

const PYTHON = 'import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())';
const REQUESTS = 'import sys, requests; [sys.stdout.write(requests.get(url, timeout=20).text) for url in sys.argv[1:]]';
const JAVA = `import java.net.*;
public class Fetch {
  public static void main(String[] args) throws Exception {
    for (String url : args) System.out.print(new String(new URL(url).openStream().readAllBytes()));
  }
}
`;
const GO = `package main
import ("fmt"; "io"; "net/http"; "os")
func main() {
  for _, url := range os.Args[1:] {
    response, err := http.Get(url)
    if err != nil { panic(err) }
    body, _ := io.ReadAll(response.Body)
    fmt.Print(string(body))
  }
}
`;

/** By the program's name. Each gets the port of a proxy that runs all the time. */
const runs = {
  curl: async () => cured('curl', '-sS', '--cacert', file('ca'), 'http://web.example/', 'https://web.example/'),
  'curl by SOCKS': async (port) =>
    run('curl', [
      '-sS',
      '--cacert',
      file('ca'),
      '-x',
      `socks5h://127.0.0.1:${port}`,
      'http://web.example/',
      'https://web.example/',
    ]),
  git: async () => {
    const cloned = await cured(
      'git',
      '-c',
      `http.sslCAInfo=${file('ca')}`,
      'clone',
      '-q',
      'https://web.example/project.git',
      file('cloned'),
    );
    return { ...cloned, stdout: cloned.status === 0 ? readFileSync(file('cloned/hello'), 'utf8') : '' };
  },
  wget: async () => cured('wget', '-q', '--ca-certificate', file('ca'), '-O', '-', 'http://web.example/', 'https://web.example/'),
  python3: async () => {
    const plain = await cured('python3', '-c', PYTHON, 'http://web.example/');
    const secure = await cured('python3', '-c', PYTHON, 'https://web.example/');
    return { ...secure, stdout: plain.stdout + secure.stdout, stderr: plain.stderr + secure.stderr };
  },
  'python3 requests': async () =>
    run(
      process.execPath,
      [cli, 'run', '--', process.env.PYTHON_REQUESTS, '-c', REQUESTS, 'http://web.example/', 'https://web.example/'],
      { REQUESTS_CA_BUNDLE: file('ca') },
    ),
  java: async (port) => {
    writeFileSync(file('Fetch.java'), JAVA);
    execFileSync(
      'keytool',
      ['-importcert', '-noprompt', '-alias', 'ca', '-file', file('ca'), '-keystore', file('trust'), '-storepass', 'changeit'],
      { stdio: 'pipe' },
    );
    const proxies = ['http', 'https'].flatMap((scheme) => [`-D${scheme}.proxyHost=127.0.0.1`, `-D${scheme}.proxyPort=${port}`]);
    const trust = [`-Djavax.net.ssl.trustStore=${file('trust')}`, '-Djavax.net.ssl.trustStorePassword=changeit'];
    return run('java', [...proxies, ...trust, file('Fetch.java'), 'http://web.example/', 'https://web.example/']);
  },
  go: async () => {
    writeFileSync(file('fetch.go'), GO);
    return cured('go', 'run', file('fetch.go'), 'http://web.example/', 'https://web.example/');
  },
  node: async () =>
    cured(
      process.execPath,
      '-e',
      `fetch('http://web.example/').then(async (answer) => process.stdout.write(await answer.text()))`,
    ),
  chromium: async (port) => {
    const { chromium } = await import('playwright-core');
    const began = performance.now();
    const browser = await chromium.launch({
      executablePath: execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim(),
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
      proxy: { server: `http://127.0.0.1:${port}` },
    });
    try {
      const page = await browser.newPage({ ignoreHTTPSErrors: true });
      let stdout = '';
      for (const url of ['http://web.example/', 'https://web.example/']) {
        await page.goto(url);
        stdout += await page.textContent('body');
      }
      return { status: 0, stdout, stderr: '', ms: Math.round(performance.now() - began) };
    } finally {
      await browser.close();
    }
  },
};

mkdirSync(folder, { recursive: true });
makeRepository();
const credentials = { cert: readFileSync(file('cert')), key: readFileSync(file('key')) };
const servers = [http.createServer(serve).listen(80, live), https.createServer(credentials, serve).listen(443, live)];
await Promise.all(servers.map((server) => once(server, 'listening')));

const proxy = spawn(process.execPath, [cli, 'proxy', '--listen', '127.0.0.1:0', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
let lines = '';
proxy.stdout.on('data', (data) => (lines += data));
const [listening] = await once(proxy.stderr, 'data');
const port = Number(/:(\d+)\.\n/.exec(listening)[1]);

const outcomes = {};
for (const name of programs.split(',')) {
  outcomes[name] = await runs[name](port).catch((error) => ({ status: -1, stdout: '', stderr: error.message, ms: 0 }));
}
proxy.kill('SIGTERM');
const [status] = await once(proxy, 'exit');
for (const server of servers) server.close().closeAllConnections();
const connections = lines
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line));
process.stdout.write(`${JSON.stringify({ outcomes, connections, status })}\n`);
process.exit();
