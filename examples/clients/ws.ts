/**
 * A WebSocket of the package `ws` by a race: `ws.js wss://example.com/`
 */
import { once } from 'node:events';
import { HttpAgent, HttpsAgent } from 'rx-happy-eyeballs/agent';
import WebSocket from 'ws';

const [, , url = 'ws://localhost/'] = process.argv;

const socket = new WebSocket(url, { agent: url.startsWith('wss:') ? new HttpsAgent() : new HttpAgent() });
await once(socket, 'open');
socket.send('hello');
const [message] = (await once(socket, 'message')) as [Buffer];
console.log(message.toString());
socket.close();
