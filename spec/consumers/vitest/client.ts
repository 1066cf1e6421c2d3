import { once } from 'node:events';
import { connect, type ConnectOptions } from 'rx-happy-eyeballs';

/** Asks a server of lines for one value. `options`: of the race. */
export async function read(host: string, key: string, options?: ConnectOptions): Promise<string> {
  const socket = await connect(host, 4000, { connectTimeout: 2000, ...options });
  try {
    socket.setTimeout(1000, () => socket.destroy(new Error('no answer')));
    socket.write(`${key}\n`);
    const [line] = (await once(socket, 'data')) as [Buffer];
    return line.toString().trim();
  } finally {
    socket.destroy();
  }
}
