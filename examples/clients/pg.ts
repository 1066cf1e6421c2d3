/**
 * A pool of `pg` whose connections are raced for: `pg.js postgres://me@db.example/postgres`
 */
import pg from 'pg';
import { RaceSocket } from 'rx-happy-eyeballs';

const [, , connectionString] = process.argv;
const pool = new pg.Pool({ connectionString, stream: () => new RaceSocket() });

const { rows } = await pool.query<{ answer: number }>('SELECT 6 * 7 AS answer');
console.log(rows[0]?.answer);
await pool.end();
