import {
  context,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type TracerProvider,
} from '@opentelemetry/api';
import packageJson from '../../package.json' with { type: 'json' };
import { invalidType } from '../core/input/argument-errors.js';
import { callable, checkEach, isObject, oneOf, type Checks } from '../core/input/checks.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { errorCode, toError } from '../core/error-tools.js';
import type { RaceEvent } from '../core/race/events.js';
import { formatRecord } from '../core/race/service-records.js';
import { knownAnswers } from '../rx/resolve.js';
import { attemptChannel, listen, raceChannel, type AttemptContext, type RaceContext } from './channels.js';

/** Options of {@link traceRaces}. */
export interface TraceOptions {
  /** The provider of the tracer. Default: the global one, which may be registered later. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Whether attempts are spans below their race's span, or events of it. Default `'spans'`. */
  readonly attempts?: 'spans' | 'events' | undefined;
}

/**
 * Traces every race of this process with OpenTelemetry, including those of other copies of this package. A race is a span
 * `connect`, below the span that was active when it was subscribed, with an event for each answer. Each attempt is a span `connect
 * attempt` below that.
 *
 *     GET /                ├────────────────────────────────────────┤
 *       connect              ├──●──●─────────────────────────┤         answered: AAAA, A
 *         connect attempt          ├─────────────────────────┤         2001:db8::1, connected
 *         connect attempt                     ├──────────────┤         192.0.2.1, cancelled
 *
 * Attributes follow the semantic conventions. The package's own begin with `happy_eyeballs.`: `outcome`, `history`, `record_type`
 * and `stage`. Spans are INTERNAL: the CLIENT span is that of the request that needs the connection. With `attempts: 'events'`,
 * mind the SDK's limit, by default 128 events a span. A race without a winner has status ERROR and an exception; a failed attempt
 * has status ERROR. Cancelled attempts, and races that were won after failures, are not errors. An attempt that gave way to the
 * next one has an `error.type`. If this is called twice, each race is traced twice.
 *
 * @returns a function that ends tracing; spans of races in progress end now
 * @throws TypeError at the call, with Node's codes, for invalid options
 *
 * @example
 * const stop = traceRaces();
 */
export function traceRaces(options: TraceOptions = {}): () => void {
  checkEach('options', options, TRACE_CHECKS);
  const { tracerProvider = trace, attempts = 'spans' } = options;
  const tracer = tracerProvider.getTracer(packageJson.name, packageJson.version);

  /** The races in progress. */
  const races = new Map<RaceContext, { readonly span: Span; readonly within: Context }>();
  const spans = new Map<AttemptContext, Span>();

  const openRace = (race: RaceContext) => {
    const attributes = { ...server(race), ...(race.history && { 'happy_eyeballs.history': race.history }) };
    const span = tracer.startSpan('connect', { startTime: race.startedAt, attributes });
    races.set(race, { span, within: trace.setSpan(context.active(), span) });
  };
  const closeRace = (race: RaceContext) => {
    const { span } = races.get(race) ?? {};
    if (!span) return; // it began before tracing did
    races.delete(race);
    for (const event of race.events) {
      if (event.type === 'answered' || (attempts === 'events' && 'endpoint' in event))
        span.addEvent(event.type, eventAttributes(race, event), race.startedAt + event.at);
    }
    if (race.endpoint) span.setAttributes(peer(race.endpoint));
    if (race.outcome === 'failed') span.recordException(toError(race.error), race.endedAt);
    end(span, race);
  };

  const openAttempt = (attempt: AttemptContext) => {
    const { race, endpoint, startedAt } = attempt;
    const parent = races.get(race);
    if (!parent) return;
    const attributes = { ...server(race), ...peer(endpoint) };
    spans.set(attempt, tracer.startSpan('connect attempt', { startTime: startedAt, attributes }, parent.within));
  };
  const closeAttempt = (attempt: AttemptContext) => {
    const span = spans.get(attempt);
    if (!span) return;
    spans.delete(attempt);
    for (const { stage, startedAt } of attempt.stages) span.addEvent(stage, {}, startedAt);
    end(span, attempt);
  };

  const stopListening = [
    listen(raceChannel, { start: openRace, asyncEnd: closeRace }),
    ...(attempts === 'spans' ? [listen(attemptChannel, { start: openAttempt, asyncEnd: closeAttempt })] : []),
  ];
  return () => {
    for (const stop of stopListening) stop();
    for (const attempt of spans.keys()) closeAttempt(attempt);
    for (const race of races.keys()) closeRace(race);
  };
}

const TRACE_CHECKS: Checks<TraceOptions> = {
  tracerProvider: (name, value) => {
    if (!isObject(value)) throw invalidType(name, 'a TracerProvider', value);
    callable(`${name}.getTracer`, (value as Partial<TracerProvider>).getTracer);
  },
  attempts: oneOf('spans', 'events'),
};

function server({ host, port, protocol }: RaceContext): Attributes {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  return { 'server.address': address, 'server.port': port, ...(protocol && { 'network.transport': protocol }) };
}

function peer({ address, port, family }: Endpoint): Attributes {
  return { 'network.peer.address': address, 'network.peer.port': port, 'network.type': family === 6 ? 'ipv6' : 'ipv4' };
}

function eventAttributes({ host }: RaceContext, event: RaceEvent): Attributes {
  if (event.type === 'answered') {
    const { name = host, type, error } = event.answer;
    const found = event.answer.type === 'HTTPS' ? event.answer.records.map(formatRecord) : event.answer.addresses;
    return {
      ...(!knownAnswers(host) && { 'dns.question.name': name }),
      'happy_eyeballs.record_type': type,
      'dns.answers': found.slice(0, LISTED_ANSWERS),
      ...(error && errorType(toError(error))),
    };
  }
  return {
    ...('endpoint' in event && peer(event.endpoint)),
    ...(event.type === 'progressed' && { 'happy_eyeballs.stage': event.stage }),
    ...((event.type === 'failed' || event.type === 'cancelled') && event.error && errorType(event.error)),
  };
}

/** The most addresses of an answer that are recorded. */
const LISTED_ANSWERS = 32;

function errorType(error: Error): Attributes {
  return { 'error.type': errorCode(error) ?? error.name };
}

function end(span: Span, { outcome, error: thrown, endedAt }: RaceContext | AttemptContext): void {
  if (outcome) span.setAttribute('happy_eyeballs.outcome', outcome);
  if (outcome === 'failed' || outcome === 'blocked') {
    const error = toError(thrown);
    span.setAttributes(errorType(error)).setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  } else if (thrown instanceof Error && outcome === 'cancelled') span.setAttributes(errorType(thrown));
  span.end(endedAt);
}
