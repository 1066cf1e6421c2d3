/**
 * An HTTP/2 session over the first finished TLS handshake: `http2.js https://example.com/`
 */
import { once } from 'node:events';
import http2 from 'node:http2';
import { text } from 'node:stream/consumers';
import { connect } from 'rx-happy-eyeballs';

const url = new URL(process.argv[2] ?? 'https://localhost/');

const socket = await connect(url.hostname, Number(url.port || 443), { tls: { ALPNProtocols: ['h2'] } });
const session = http2.connect(url, { createConnection: () => socket });
const stream = session.request({ ':path': url.pathname });
const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader];
console.log(headers[':status'], await text(stream));
session.close();
