import { BSON } from 'mongodb';
import net from 'node:net';

/** Of a message: its length, its number, the number of that which it answers, and what kind it is. */
const HEADER = 16;
const OP_QUERY = 2004;
const OP_REPLY = 1;
const OP_MSG = 2013;

/** A server that can do as much of MongoDB's protocol as a client needs for its handshake, and for a ping. */
export function mongoServer(): net.Server {
  return net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    let received = Buffer.alloc(0);
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      while (received.length >= HEADER && received.length >= received.readInt32LE(0)) {
        const message = received.subarray(0, received.readInt32LE(0));
        received = received.subarray(message.length);
        socket.write(reply(message));
      }
    });
  });
}

function reply(message: Buffer): Buffer {
  const [number, kind] = [message.readInt32LE(4), message.readInt32LE(12)];
  if (kind === OP_QUERY) {
    // flags, name of the collection, how many to skip, how many to give
    const query = message.subarray(message.indexOf(0, HEADER + 4) + 1 + 8);
    const fields = Buffer.alloc(20); // flags, cursor, where it starts, how many there are
    fields.writeInt32LE(1, 16);
    return packet(number, OP_REPLY, fields, BSON.serialize(answer(BSON.deserialize(query))));
  }
  // flags, and the kind of the only section
  const fields = HEADER + 4 + 1;
  return packet(number, OP_MSG, Buffer.alloc(5), BSON.serialize(answer(BSON.deserialize(message.subarray(fields)))));
}

function packet(answered: number, kind: number, ...parts: readonly Uint8Array[]): Buffer {
  const packed = Buffer.concat([Buffer.alloc(HEADER), ...parts]);
  packed.writeInt32LE(packed.length, 0);
  packed.writeInt32LE(answered, 8);
  packed.writeInt32LE(kind, 12);
  return packed;
}

const HELLO = {
  helloOk: true,
  isWritablePrimary: true,
  ismaster: true,
  minWireVersion: 0,
  maxWireVersion: 25,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  ok: 1,
};

function answer(command: BSON.Document): BSON.Document {
  if ('hello' in command || 'ismaster' in command || 'isMaster' in command) return HELLO;
  return { ok: 1 };
}
