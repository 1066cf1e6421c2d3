/**
 * A client of `ioredis` whose connections are raced for, reconnections too: `ioredis.js redis://redis.example`
 */
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';
import type { Socket } from 'node:net';
import { HttpAgent, HttpsAgent } from 'rx-happy-eyeballs/agent';

/** An agent as well makes a socket, with TLS or without, that connects by a race; there is no HTTP in that. */
class RaceConnector extends AbstractConnector {
  readonly options;

  constructor(options: unknown) {
    super((options as RedisOptions).disconnectTimeout!);
    this.options = options as RedisOptions;
  }

  override connect(): Promise<Socket> {
    const { host, port, tls } = this.options;
    const agent = tls ? new HttpsAgent() : new HttpAgent();
    this.stream = agent.createConnection({ host, port, ...tls }) as Socket;
    this.stream.once('error', (error) => (this.firstError = error));
    return Promise.resolve(this.stream);
  }
}

const [, , url = 'redis://localhost'] = process.argv;
const redis = new Redis(url, { Connector: RaceConnector });
redis.on('error', (error: Error) => console.error(error.message));

await redis.set('answer', 42, 'EX', 60);
console.log(await redis.get('answer'));
await redis.quit();
