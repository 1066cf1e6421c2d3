export { proxy$ } from './proxy.js';
export type { ProxyOptions, Route, RouteAnswer, RouteRefusal } from './options.js';
export type { Accepted, Client, Closed, Listening, ProxyEvent, ProxyRequest, Raced, Refused, Requested } from './events.js';
export type { RefusalReason } from './refusal.js';
