/**
 * `mongodb` takes no sockets but those that it makes itself, as `amqplib`, `nats` and `redis` do: with this import every socket
 * of the program connects by a race. Without changes to a program: `node --import rx-happy-eyeballs/register program.js`
 */
import 'rx-happy-eyeballs/register';
import { MongoClient } from 'mongodb';

const [, , url = 'mongodb://localhost'] = process.argv;

const client = await new MongoClient(url, { serverSelectionTimeoutMS: 5000 }).connect();
console.log(await client.db().command({ ping: 1 }));
await client.close();
