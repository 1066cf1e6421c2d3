/**
 * axios through agents whose connections are raced for: `axios.js https://example.com/`
 */
import axios from 'axios';
import { HttpAgent, HttpsAgent } from 'rx-happy-eyeballs/agent';

const [, , url = 'http://localhost/'] = process.argv;
const client = axios.create({ httpAgent: new HttpAgent(), httpsAgent: new HttpsAgent() });

const { data } = await client.get<string>(url, { responseType: 'text' });
console.log(data);
