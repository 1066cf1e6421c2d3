/**
 * `http` through an agent whose connections are raced for: `http.js http://example.com/`
 */
import http from 'node:http';
import { HttpAgent } from 'rx-happy-eyeballs/agent';

const [, , url = 'http://localhost/'] = process.argv;
const agent = new HttpAgent({ keepAlive: true });

http
  .get(url, { agent }, (response) => response.pipe(process.stdout))
  .on('error', (error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
