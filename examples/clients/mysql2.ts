/**
 * A pool of `mysql2`, for MySQL and MariaDB, whose connections are raced for: `mysql2.js mysql://me@db.example/test`
 */
import mysql, { type PoolOptions, type RowDataPacket } from 'mysql2/promise';
import { RaceSocket } from 'rx-happy-eyeballs';

const [, , uri] = process.argv;

// What mysql2 does with a socket of its own.
const stream = ({ config }: { readonly config: Required<Pick<PoolOptions, 'host' | 'port'>> }) =>
  new RaceSocket().setNoDelay().setKeepAlive().connect(config.port, config.host);

const pool = mysql.createPool({ uri, stream });
const [rows] = await pool.query<(RowDataPacket & { answer: number })[]>('SELECT 6 * 7 AS answer');
console.log(rows[0]?.answer);
await pool.end();
