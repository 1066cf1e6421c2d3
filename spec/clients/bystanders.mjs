// Libraries that stand between a program and its sockets: interceptors of requests, which let these through, and instrumentation
// of `net`.
import { subscribe } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** By name: loads it. @returns how many sockets it has seen, for those that count them */
export const BYSTANDERS = {
  msw: async () => {
    const { setupServer } = await import('msw/node');
    setupServer().listen({ onUnhandledRequest: 'bypass' });
  },
  'nock 14': async () => {
    (await import('nock')).default('http://mocked.example').get('/').reply(200);
  },
  'nock 15': async () => {
    (await import('nock-15')).default('http://mocked.example').get('/').reply(200);
  },
  '@mswjs/interceptors': async () => {
    const { ClientRequestInterceptor } = await import('@mswjs/interceptors/ClientRequest');
    new ClientRequestInterceptor().apply();
  },
  'net.client.socket': async () => {
    let seen = 0;
    subscribe('net.client.socket', () => ++seen);
    return () => seen;
  },
  '@opentelemetry/instrumentation-net': async () => {
    const { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } = await import('@opentelemetry/sdk-trace-node');
    const { NetInstrumentation } = await import('@opentelemetry/instrumentation-net');
    const exporter = new InMemorySpanExporter();
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const instrumentation = new NetInstrumentation();
    instrumentation.setTracerProvider(provider);
    instrumentation.enable();
    require('net'); // where it lays itself over `connect`
    return () => exporter.getFinishedSpans().length;
  },
};

/** What makes the connections race, loaded before the bystander or after it. */
export const WAYS = ['plain', 'register before', 'register after', 'agent before', 'agent after'];
