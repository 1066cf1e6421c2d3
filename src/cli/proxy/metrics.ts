import { createServer } from 'node:http';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ProxyEvent } from '../../proxy/index.js';

/** Counts the events of a proxy, and serves the counters to Prometheus. */
export interface Metrics {
  readonly count: (event: ProxyEvent) => void;
  readonly close: () => void;
}

/**
 * Serves the metrics of the races, and those of the proxy, each `happy_eyeballs_proxy_…`: `connections` that are open,
 * `connections_total`, `requests_total` (label `protocol`), `refusals_total` (`reason`), `bytes_total` (`direction`), and the
 * histogram `connection_seconds`.
 *
 * @returns rejects with Node's own error if it cannot listen
 */
export async function serveMetrics(host: string, port: number): Promise<Metrics & { readonly port: number }> {
  const registry = new Registry();
  const { countRaces } = await import('../../observe/prometheus.js');
  const stop = countRaces({ registers: [registry] });
  const common = { registers: [registry] };
  const name = (rest: string) => `happy_eyeballs_proxy_${rest}`;
  const open = new Gauge({ ...common, name: name('connections'), help: 'Connections of clients that are open' });
  const accepted = new Counter({ ...common, name: name('connections_total'), help: 'Connections of clients' });
  const requests = new Counter({
    ...common,
    name: name('requests_total'),
    help: 'Requests of clients',
    labelNames: ['protocol'],
  });
  const refusals = new Counter({ ...common, name: name('refusals_total'), help: 'Refusals', labelNames: ['reason'] });
  const bytes = new Counter({
    ...common,
    name: name('bytes_total'),
    help: 'Bytes of connections that are over, as clients see them',
    labelNames: ['direction'],
  });
  const duration = new Histogram({
    ...common,
    name: name('connection_seconds'),
    help: 'How long connections have lasted',
    buckets: [0.01, 0.1, 1, 10, 60, 600, 3600],
  });

  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    void registry.metrics().then((text) => response.setHeader('Content-Type', registry.contentType).end(text));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host, port }, resolve);
  });

  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    count: (event) => {
      if (event.type === 'accepted') {
        accepted.inc();
        open.inc();
      } else if (event.type === 'requested') requests.inc({ protocol: event.request.protocol });
      else if (event.type === 'refused') refusals.inc({ reason: event.reason });
      else if (event.type === 'closed') {
        open.dec();
        bytes.inc({ direction: 'sent' }, event.sent);
        bytes.inc({ direction: 'received' }, event.received);
        duration.observe(event.duration / 1000);
      }
    },
    close: () => {
      stop();
      server.close();
      server.closeAllConnections();
    },
  };
}
