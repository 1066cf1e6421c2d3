/**
 * Some requests by `fetch`, Node's own, by a race: `fetch.js https://example.com/`
 */
import { createDispatcher } from 'rx-happy-eyeballs/undici';

const [, , url = 'http://localhost/'] = process.argv;
const dispatcher = createDispatcher();

const response = await fetch(url, { dispatcher });
console.log(await response.text());
await dispatcher.close();
