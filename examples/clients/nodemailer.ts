/**
 * Mail by `nodemailer`, over a connection that was raced for: `nodemailer.js mail.example 587 me@example.com you@example.com`
 */
import { createTransport } from 'nodemailer';
import { connect$ } from 'rx-happy-eyeballs';

const [, , host = 'localhost', port = '25', from, to] = process.argv;

const transport = createTransport({
  host,
  port: Number(port),
  getSocket: ({ host, port, connectionTimeout }, callback) => {
    connect$(host!, Number(port), { connectTimeout: connectionTimeout ?? 120_000 }).subscribe({
      next: (connection) => callback(null, { connection }),
      error: (error: Error) => callback(error, false),
    });
  },
});

const { response } = await transport.sendMail({ from, to, subject: 'Hello', text: 'by the first address that works' });
console.log(response);
