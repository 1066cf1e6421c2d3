/**
 * `https` through an agent whose connections are raced for: `https.js https://example.com/`
 */
import https from 'node:https';
import { HttpsAgent } from 'rx-happy-eyeballs/agent';

const [, , url = 'https://localhost/'] = process.argv;
const agent = new HttpsAgent({ keepAlive: true, race: { connectionAttemptDelay: 200 } });

https
  .get(url, { agent }, (response) => response.pipe(process.stdout))
  .on('error', (error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
