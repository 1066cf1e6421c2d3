import type * as all from '../index.js';
import './early.js';
import { loadAll } from './load.js';

// What Node loads for `rx-happy-eyeballs`: classes, tables, and functions that load the rest (including RxJS) when one is called.
// Bundlers and types use ../index.ts; spec/lazy.spec.ts checks that both export the same.

export { presets } from '../plan/presets.js';
export { RaceSocket } from '../stand-in/race-socket.js';
export { defaultPolicyTable } from '../core/race/policy-table.js';
export { ConnectionError } from '../core/race/connection-error.js';

export const connect = deferred('connect');
export const connect$ = deferred('connect$');
export const connection$ = deferred('connection$');
export const race$ = deferred('race$');
export const createConnector = deferred('createConnector');
export const fileHistory = deferred('fileHistory');
export const firstSuccess = deferred('firstSuccess');
export const systemResolver = deferred('systemResolver');
export const dnsResolver = deferred('dnsResolver');
export const cached = deferred('cached');
export const staticResolver = deferred('staticResolver');
export const serviceResolver = deferred('serviceResolver');
export const servicePlaces = deferred('servicePlaces');
export const rfc6724 = deferred('rfc6724');
export const tcp = deferred('tcp');
export const tls = deferred('tls');
export const byProtocol = deferred('byProtocol');
export const ssrf = deferred('ssrf');
export const formatEndpoint = deferred('formatEndpoint');
export const timeline = deferred('timeline');
export const marbleDiagram = deferred('marbleDiagram');
export const waterfall = deferred('waterfall');
export const htmlReport = deferred('htmlReport');

/** A stand-in for a function, which loads the original when it is called. */
function deferred<Name extends keyof typeof all>(name: Name): (typeof all)[Name] {
  const call = (...given: readonly unknown[]): unknown => Reflect.apply(loadAll()[name] as () => unknown, undefined, given);
  return Object.defineProperty(call, 'name', { value: name }) as unknown as (typeof all)[Name];
}
