// Protocols in a few lines each: what a client wants to hear before it says that it is connected, and the answer to one question.

import { Buffer } from 'node:buffer';

/** Calls back with each whole message of a stream: `next` cuts one off, and gives its length, or 0 where it is not all there. */
function messages(socket, next, answer) {
  let rest = Buffer.alloc(0);
  socket.on('data', (data) => {
    rest = Buffer.concat([rest, data]);
    for (let length; (length = next(rest)) > 0; rest = rest.subarray(length)) answer(rest.subarray(0, length));
  });
}

/** Calls back with each line. */
function lines(socket, answer) {
  messages(
    socket,
    (rest) => rest.indexOf('\n') + 1,
    (line) => answer(line.toString().trimEnd()),
  );
}

/** Reads messages that begin with their length, a big-endian number of 4 bytes at an offset, to which `more` is added. */
const withLength =
  (offset = 0, more = 4) =>
  (rest) => {
    const length = rest.length < offset + 4 ? Infinity : rest.readUInt32BE(offset) + more;
    return length <= rest.length ? length : 0;
  };

const uint32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const uint16 = (value) => uint32(value).subarray(2);
const bytes = (...parts) =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))));
const sized = (...parts) => {
  const body = bytes(...parts);
  return bytes(uint32(body.length), body);
};

/** RESP: each command is an array of bulk strings. */
export function redis(socket) {
  const next = (rest) => {
    const [head, count] = /^\*(\d+)\r\n/.exec(rest.toString('latin1')) ?? [];
    if (!head) return 0;
    let at = head.length;
    for (let i = 0; i < Number(count); i++) {
      const [size, length] = /^\$(\d+)\r\n/.exec(rest.subarray(at).toString('latin1')) ?? [];
      if (!size) return 0;
      at += size.length + Number(length) + 2;
    }
    return at <= rest.length ? at : 0;
  };
  messages(socket, next, (command) => {
    const [, , name] = command.toString('latin1').toUpperCase().split('\r\n');
    if (name === 'HELLO') socket.write('%1\r\n$5\r\nproto\r\n:3\r\n');
    else socket.write(name === 'PING' ? '+PONG\r\n' : '+OK\r\n');
  });
}

/** The binary protocol: nothing is ever found. */
export function memcached(socket) {
  messages(socket, withLength(8, 24), (request) => {
    const answer = Buffer.alloc(24);
    answer.set([0x81, request[1]]);
    answer[7] = request[1] === 0 ? 1 : 0; // a get
    request.copy(answer, 12, 12, 16);
    socket.write(answer);
  });
}

export function mqtt(socket) {
  socket.on('data', (packet) => {
    if (packet[0] === 0x10) socket.write(Buffer.from([0x20, 2, 0, 0]));
  });
}

export function nats(socket) {
  socket.write('INFO {"server_id":"A","version":"2.10.0","proto":1,"headers":true,"max_payload":1048576}\r\n');
  lines(socket, (line) => {
    if (line === 'PING') socket.write('PONG\r\n');
  });
}

export function stomp(socket) {
  socket.once('data', () => socket.write('CONNECTED\nversion:1.2\n\n\0\n'));
}

/** AMQP 0-9-1. */
export function amqp(socket) {
  const method = (classId, id, ...parts) => {
    const body = bytes(uint16(classId), uint16(id), ...parts);
    socket.write(bytes(1, uint16(0), sized(body), 0xce));
  };
  const answers = {
    11: () => method(10, 30, uint16(0), uint32(131072), uint16(0)), // start-ok: tune
    40: () => method(10, 41, 0), // open: open-ok
    50: () => method(10, 51), // close: close-ok
  };
  socket.once('data', (header) => {
    method(10, 10, 0, 9, uint32(0), sized('PLAIN'), sized('en_US'));
    if (header.length > 8) socket.unshift(header.subarray(8));
    messages(socket, withLength(3, 8), (frame) => answers[frame.readUInt16BE(9)]?.());
  });
}

/** Knows one request: which versions of which requests there are. */
export function kafka(socket) {
  messages(socket, withLength(), (request) => {
    const correlationId = request.subarray(8, 12);
    const keys = [3, 18].map((key) => bytes(uint16(key), uint16(0), uint16(1)));
    socket.write(sized(correlationId, uint16(0), uint32(keys.length), ...keys, uint32(0)));
  });
}

export function smtp(socket) {
  socket.write('220 hello\r\n');
  lines(socket, (line) => {
    if (/^quit/i.test(line)) socket.end('221 bye\r\n');
    else socket.write('250 hello\r\n');
  });
}

export function imap(socket) {
  socket.write('* OK [CAPABILITY IMAP4rev1] hello\r\n');
  lines(socket, (line) => {
    const [tag, command = ''] = line.split(' ');
    if (command.toUpperCase() === 'CAPABILITY') socket.write('* CAPABILITY IMAP4rev1\r\n');
    if (command.toUpperCase() === 'LOGOUT') socket.write('* BYE\r\n');
    socket.write(`${tag} OK done\r\n`);
  });
}

export function ftp(socket) {
  socket.write('220 hello\r\n');
  lines(socket, () => socket.write('200 done\r\n'));
}

/** A bind succeeds, whoever it is. */
export function ldap(socket) {
  const next = (rest) => (rest.length > 1 && rest[1] < 0x80 && rest.length >= rest[1] + 2 ? rest[1] + 2 : 0);
  messages(socket, next, (request) => {
    const [id, operation] = [request.subarray(2, 4 + request[3]), request[4 + request[3]]];
    if (operation === 0x60) socket.write(bytes(0x30, id.length + 9, id, [0x61, 7, 0x0a, 1, 0, 4, 0, 4, 0]));
    else socket.end();
  });
}

export function irc(socket) {
  lines(socket, (line) => {
    if (line.startsWith('USER')) socket.write(':server 001 hello :Welcome\r\n:server 376 hello :End of MOTD\r\n');
  });
}

export function postgres(socket) {
  const ready = bytes('Z', uint32(5), 'I');
  let isStarted = false;
  messages(
    socket,
    (rest) => withLength(isStarted ? 1 : 0, isStarted ? 1 : 0)(rest),
    (message) => {
      if (!isStarted) socket.write(bytes('R', uint32(8), uint32(0), ready));
      else if (message[0] === 0x51) socket.write(bytes('C', sizedAll('SELECT 1\0'), ready));
      isStarted = true;
    },
  );
}

/** As {@link sized}, where the length counts itself. */
const sizedAll = (text) => bytes(uint32(text.length + 4), text);

/** SQL Server, without encryption: every login is welcome, and every batch is done. */
export function tds(socket) {
  const done = bytes(0xfd, Buffer.alloc(12));
  const name = Buffer.from('hello', 'utf16le');
  const welcome = bytes(1, [0x74, 0, 0, 4], name.length / 2, name, [16, 0, 0, 0]);
  const answers = {
    0x12: () => bytes([0, 0, 11, 0, 6], [1, 0, 17, 0, 1], 0xff, [16, 0, 0, 0, 0, 0], 2),
    0x10: () => bytes(0xad, welcome.length, 0, welcome, done),
  };
  const next = (rest) => (rest.length > 3 && rest.readUInt16BE(2) <= rest.length ? rest.readUInt16BE(2) : 0);
  messages(socket, next, (packet) => {
    const body = answers[packet[0]]?.() ?? done;
    socket.write(bytes([4, 1], uint16(body.length + 8), [0, 0, 1, 0], body));
  });
}

/** Refuses every login, which is an answer. */
export function cassandra(socket) {
  messages(socket, withLength(5, 9), (request) => {
    const [version, stream, operation] = [request[0] | 0x80, request.subarray(2, 4), request[4]];
    const reply = (code, body) => socket.write(bytes(version, 0, stream, code, sized(body)));
    if (operation === 5) reply(6, uint16(0));
    else reply(0, bytes(uint32(0x100), uint16(5), 'hello'));
  });
}
