import { context, SpanKind, SpanStatusCode, trace, type HrTime } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { once } from 'node:events';
import { NEVER, of, VirtualTimeScheduler } from 'rxjs';
import packageJson from '../../package.json' with { type: 'json' };
import { connect$, RaceSocket, ssrf, staticResolver, type Endpoint } from '../../src/index.js';
import { attemptChannel, raceChannel } from '../../src/observe/channels.js';
import { traceRaces, type TraceOptions } from '../../src/observe/otel.js';
import { runNode } from '../support/dist.js';
import { tcpServer } from '../support/fixtures.js';
import { connects, hangs, refuses, virtualNetwork } from '../../src/testing/index.js';
import { A, AAAA, answering, negative, runRace } from '../support/virtual-race.js';

const exporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const application = tracerProvider.getTracer('the application');

const SIX = '2001:db8::1';
const FOUR = '192.0.2.1';
const both = answering([18, AAAA(SIX)], [25, A(FOUR)]);

const stops: (() => void)[] = [];
const traced = (options: TraceOptions = {}) => {
  const stop = traceRaces({ tracerProvider, ...options });
  stops.push(stop);
  return stop;
};

const BEGAN = Date.UTC(2026, 0, 1);

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});

afterAll(() => {
  context.disable();
});

beforeEach(() => {
  jest.spyOn(Date, 'now').mockReturnValue(BEGAN);
});

afterEach(() => {
  jest.restoreAllMocks();
  for (const stop of stops.splice(0)) stop();
  expect([raceChannel.hasSubscribers, attemptChannel.hasSubscribers]).toEqual([false, false]);
  exporter.reset();
});

/** ms since the races of a spec began. */
const at = ([s, ns]: HrTime) => s * 1000 - BEGAN + ns / 1e6;

/** A span as far as a race has a say in it. */
const shown = ({ name, kind, startTime, endTime, attributes, status, events }: ReadableSpan) => ({
  name,
  kind,
  from: at(startTime),
  to: at(endTime),
  attributes,
  status,
  events: events.map(({ name, time, attributes }) => [name, at(time), attributes]),
});

const spans = () => exporter.getFinishedSpans();
const spanNamed = (name: string) => spans().find((span) => span.name === name)!;
const attemptOn = (address: string) =>
  spans().find(({ attributes, name }) => name === 'connect attempt' && attributes['network.peer.address'] === address)!;

const server = { 'server.address': 'example.com', 'server.port': 443 };
const six = { 'network.peer.address': SIX, 'network.peer.port': 443, 'network.type': 'ipv6' };
const four = { 'network.peer.address': FOUR, 'network.peer.port': 443, 'network.type': 'ipv4' };
const unset = { code: SpanStatusCode.UNSET };

describe('traceRaces', () => {
  it('tells of an attempt that gave way by the type of its error, and of no error', () => {
    traced();
    const options = { maxConcurrentAttempts: 1 };
    runRace({ lookup: both, fates: { [SIX]: hangs(), [FOUR]: connects(10) }, options });
    expect(shown(attemptOn(SIX))).toMatchObject({
      from: 18,
      to: 2018,
      attributes: { ...server, ...six, 'happy_eyeballs.outcome': 'cancelled', 'error.type': 'ETIMEDOUT' },
      status: unset,
    });
  });

  it('makes a span of a race, with its answers, and spans of its attempts below', () => {
    traced();
    application.startActiveSpan('a request', (request) => {
      runRace({ lookup: both, fates: { [SIX]: hangs(), [FOUR]: connects(40).thenTls(60) } });
      request.end();
    });
    expect(shown(spanNamed('connect'))).toEqual({
      name: 'connect',
      kind: SpanKind.INTERNAL,
      from: 0,
      to: 368,
      attributes: { ...server, ...four, 'happy_eyeballs.outcome': 'connected' },
      status: unset,
      events: [
        ['answered', 18, { 'dns.question.name': 'example.com', 'happy_eyeballs.record_type': 'AAAA', 'dns.answers': [SIX] }],
        ['answered', 25, { 'dns.question.name': 'example.com', 'happy_eyeballs.record_type': 'A', 'dns.answers': [FOUR] }],
      ],
    });
    expect(shown(attemptOn(SIX))).toEqual({
      name: 'connect attempt',
      kind: SpanKind.INTERNAL,
      from: 18,
      to: 368,
      attributes: { ...server, ...six, 'happy_eyeballs.outcome': 'cancelled' },
      status: unset,
      events: [],
    });
    expect(shown(attemptOn(FOUR))).toEqual({
      name: 'connect attempt',
      kind: SpanKind.INTERNAL,
      from: 268,
      to: 368,
      attributes: { ...server, ...four, 'happy_eyeballs.outcome': 'connected' },
      status: unset,
      events: [['tls', 308, {}]],
    });

    const [request, race] = [spanNamed('a request'), spanNamed('connect')];
    expect(race.parentSpanContext).toMatchObject(request.spanContext());
    for (const address of [SIX, FOUR]) expect(attemptOn(address).parentSpanContext).toMatchObject(race.spanContext());
    expect(race.instrumentationScope).toMatchObject({ name: 'rx-happy-eyeballs', version: packageJson.version });
    expect(spans()).toHaveLength(4);
  });

  it('makes events of attempts, if it is asked to', () => {
    traced({ attempts: 'events' });
    runRace({ lookup: both, fates: { [SIX]: refuses(10), [FOUR]: connects(40).thenTls(60) } });
    expect(spans().map(shown)).toMatchObject([
      {
        name: 'connect',
        attributes: { ...four, 'happy_eyeballs.outcome': 'connected' },
        status: unset,
        events: [
          ['answered', 18, {}],
          ['started', 18, six],
          ['answered', 25, {}],
          ['failed', 28, { ...six, 'error.type': 'ECONNREFUSED' }],
          ['started', 28, four],
          ['progressed', 68, { ...four, 'happy_eyeballs.stage': 'tls' }],
          ['connected', 128, four],
        ],
      },
    ]);
    expect(attemptChannel.hasSubscribers).toBe(false);
  });

  it('gives what failed the status ERROR, and the race its exception', () => {
    traced();
    const { error } = runRace({
      lookup: answering([5, AAAA(SIX)], [5, negative('A', 'ESERVFAIL')]),
      fates: { [SIX]: refuses(10) },
    });
    expect(shown(attemptOn(SIX))).toMatchObject({
      to: 15,
      attributes: { 'error.type': 'ECONNREFUSED', 'happy_eyeballs.outcome': 'failed' },
      status: { code: SpanStatusCode.ERROR, message: `connect ECONNREFUSED ${SIX}:443` },
      events: [],
    });
    expect(shown(spanNamed('connect'))).toMatchObject({
      to: 15,
      attributes: { ...server, 'error.type': 'ECONNREFUSED', 'happy_eyeballs.outcome': 'failed' },
      status: { code: SpanStatusCode.ERROR, message: error!.message },
      events: [
        ['answered', 5, { 'dns.answers': [SIX] }],
        ['answered', 5, { 'dns.answers': [], 'error.type': 'ESERVFAIL' }],
        ['exception', 15, { 'exception.type': 'ECONNREFUSED', 'exception.message': error!.message }],
      ],
    });
    expect(spanNamed('connect').attributes).not.toHaveProperty('network.peer.address');
  });

  it('reports a race out of time as an error, and its attempts as none', () => {
    traced();
    runRace({ lookup: both, fates: {}, options: { connectTimeout: 100 } });
    expect(shown(spanNamed('connect'))).toMatchObject({
      to: 100,
      attributes: { 'error.type': 'ETIMEDOUT' },
      status: { code: SpanStatusCode.ERROR },
    });
    expect(shown(attemptOn(SIX))).toMatchObject({
      to: 100,
      attributes: { 'happy_eyeballs.outcome': 'cancelled' },
      status: unset,
    });
  });

  it('reports no race as an error that is unsubscribed', () => {
    traced();
    runRace({ lookup: both, fates: {}, unsubscribeAt: 100 });
    for (const span of [spanNamed('connect'), attemptOn(SIX)]) {
      expect(shown(span)).toMatchObject({ to: 100, attributes: { 'happy_eyeballs.outcome': 'cancelled' }, status: unset });
      expect(span.attributes).not.toHaveProperty('error.type');
    }
  });

  it('reports what a filter refuses as an attempt that failed', () => {
    traced();
    runRace({ lookup: answering([0, A('10.0.0.1')]), fates: {}, options: { filter: ssrf() } });
    expect(shown(attemptOn('10.0.0.1'))).toMatchObject({
      attributes: { 'error.type': 'ERR_IP_BLOCKED', 'happy_eyeballs.outcome': 'blocked' },
      status: { code: SpanStatusCode.ERROR },
    });
  });

  it('leaves no span open after many races at the same time, each below its own caller', () => {
    const started = jest.fn();
    const provider = new BasicTracerProvider({
      spanProcessors: [
        new SimpleSpanProcessor(exporter),
        {
          onStart: started,
          onEnd: () => undefined,
          forceFlush: async () => Promise.resolve(),
          shutdown: async () => Promise.resolve(),
        },
      ],
    });
    traced({ tracerProvider: provider });
    const scheduler = new VirtualTimeScheduler();
    const resolver = staticResolver([SIX, FOUR]);
    for (let i = 0; i < 100; i++) {
      application.startActiveSpan(`request ${i}`, (request) => {
        const transport = () => (i % 3 === 0 ? of('won') : NEVER);
        const race = connect$(`host-${i}.example`, 443, { resolver, transport, scheduler }).subscribe({ error: () => undefined });
        if (i % 3 === 1) scheduler.schedule(() => race.unsubscribe(), 300);
        request.end();
      });
    }
    scheduler.flush();
    expect(started).toHaveBeenCalledTimes(spans().length - 100);
    for (let i = 0; i < 100; i++) {
      const race = spans().find(
        ({ name, attributes }) => name === 'connect' && attributes['server.address'] === `host-${i}.example`,
      )!;
      expect(race.parentSpanContext).toMatchObject(spanNamed(`request ${i}`).spanContext());
    }
  });

  it('ends with what is under way, and hears of nothing thereafter', () => {
    const stop = traced();
    const scheduler = new VirtualTimeScheduler();
    const race = () =>
      connect$('example.com', 443, { resolver: staticResolver([SIX]), transport: () => NEVER, scheduler }).subscribe();
    const subscription = race();
    expect(spans()).toEqual([]);
    stop();
    expect(spans().map(({ name, status }) => [name, status])).toEqual([
      ['connect attempt', unset],
      ['connect', unset],
    ]);
    expect([raceChannel.hasSubscribers, attemptChannel.hasSubscribers]).toEqual([false, false]);
    subscription.unsubscribe();
    race().unsubscribe();
    stop();
    expect(spans()).toHaveLength(2);
  });

  it('called again, traces with another tracer as well, and nothing of a race that began before', () => {
    const scheduler = new VirtualTimeScheduler();
    const others = new InMemorySpanExporter();
    const other = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(others)] });
    const resolver = staticResolver([SIX, FOUR]);
    const transport = ({ family }: Endpoint) => (family === 6 ? NEVER : of('won'));
    const race = () => connect$('example.com', 443, { resolver, transport, scheduler }).subscribe();
    const stop = traced();
    race();
    traced({ tracerProvider: other });
    scheduler.flush(); // its second attempt begins
    expect([spans().length, others.getFinishedSpans().length]).toEqual([3, 0]);
    race();
    scheduler.flush();
    expect([spans().length, others.getFinishedSpans().length]).toEqual([6, 3]);
    stop();
    race();
    scheduler.flush();
    expect([spans().length, others.getFinishedSpans().length]).toEqual([6, 6]);
  });

  it('uses the global provider, also when it is registered later', () => {
    stops.push(traceRaces());
    trace.setGlobalTracerProvider(tracerProvider);
    runRace({ lookup: both, fates: { [SIX]: connects(5) } });
    trace.disable();
    expect(spans().map(({ name }) => name)).toEqual(['connect attempt', 'connect']);
  });

  it('names an address as it is, and no question that was not asked', () => {
    traced();
    const network = virtualNetwork({ endpoints: { [SIX]: connects(10) } });
    network.run(connect$(`[${SIX}]`, 443, network));
    expect(spanNamed('connect').attributes).toMatchObject({ 'server.address': SIX });
    expect(spanNamed('connect').events[0]!.attributes).not.toHaveProperty('dns.question.name');
  });

  it('traces a socket that connects by a race, with what it connects by, below the code that connects it', async () => {
    jest.mocked(Date.now).mockRestore();
    const { port } = await tcpServer('127.0.0.1', 0);
    traced();
    const before = Date.now();
    await application.startActiveSpan('a request', async (request) => {
      const socket = new RaceSocket({ race: { sort: 'none', preferFamily: 6 } }).connect(port, 'localhost');
      await once(socket, 'connect');
      socket.destroy();
      request.end();
    });
    const race = spanNamed('connect');
    expect(race.parentSpanContext).toMatchObject(spanNamed('a request').spanContext());
    expect(race.attributes).toMatchObject({
      'server.address': 'localhost',
      'network.transport': 'tcp',
      'network.peer.port': port,
    });
    expect(at(race.startTime)).toBeGreaterThanOrEqual(before - BEGAN);
    expect(at(race.endTime)).toBeLessThanOrEqual(Date.now() - BEGAN + 2);
    expect(attemptOn('::1').status).toMatchObject({ code: SpanStatusCode.ERROR });
    expect(attemptOn('127.0.0.1').attributes).toMatchObject({ 'network.transport': 'tcp', 'network.type': 'ipv4' });
  });

  it('traces the races of both copies of the package', async () => {
    const program = `
      import assert from 'node:assert/strict';
      import { createRequire } from 'node:module';
      import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
      import { of } from 'rxjs';
      import * as esm from './dist/module/index.mjs';
      import { traceRaces } from './dist/module/otel.mjs';
      const require = createRequire(import.meta.url + '/..');
      const cjs = require('./dist/index.cjs');
      assert.notEqual(esm.connect, cjs.connect);
      for (const trace of [traceRaces, require('./dist/otel.cjs').traceRaces]) {
        const exporter = new InMemorySpanExporter();
        const stop = trace({ tracerProvider: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }) });
        for (const { connect, staticResolver } of [esm, cjs])
          await connect('example.com', 443, { resolver: staticResolver(['192.0.2.1']), transport: () => of('won') });
        stop();
        console.log(exporter.getFinishedSpans().map(({ name }) => name).join());
      }
    `;
    const { status, stdout, stderr } = await runNode('--input-type=module', '-e', program).ended;
    const twice = 'connect attempt,connect,connect attempt,connect\n';
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: twice + twice, stderr: '' });
  });

  it.each<[options: unknown, code: string, message: RegExp]>([
    [
      { tracerProvider: 'global' },
      'ERR_INVALID_ARG_TYPE',
      /"options\.tracerProvider" must be a TracerProvider\. Received 'global'/,
    ],
    [{ tracerProvider: {} }, 'ERR_INVALID_ARG_TYPE', /"options\.tracerProvider\.getTracer" must be a function/],
    [{ attempts: 'links' }, 'ERR_INVALID_ARG_VALUE', /"options\.attempts" must be one of: spans, events\. Received 'links'/],
    [{ tracer: 'mine' }, 'ERR_INVALID_ARG_VALUE', /"options\.tracer" is not an option/],
    [null, 'ERR_INVALID_ARG_TYPE', /"options" must be an object/],
  ])('refuses %j', (options, code, message) => {
    const call = () => traceRaces(options as TraceOptions);
    expect(call).toThrow(message);
    expect(call).toThrow(expect.objectContaining({ code }));
  });
});
