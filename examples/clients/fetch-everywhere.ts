/**
 * Every `fetch` of a program, which is Node's own, by a race: `fetch-everywhere.js https://example.com/`
 */
import { installGlobal } from 'rx-happy-eyeballs/undici';

const [, , url = 'http://localhost/'] = process.argv;
installGlobal();

const response = await fetch(url);
console.log(await response.text());
