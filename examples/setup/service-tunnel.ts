import type { Socket } from 'node:net';
import { connect$, firstSuccess, servicePlaces, type Resolver, type Setup } from 'rx-happy-eyeballs';
import { mergeMap, type Observable } from 'rxjs';

/** Where a proxy is, and how it is told where to go: one of the recipes beside this one. */
export interface NamedProxy {
  readonly host: string;
  readonly port: number;
  readonly tunnel: (host: string, port: number) => Setup<Socket, Socket>;
  /** Asked for service records. Default: the DNS servers of this machine. */
  readonly resolver?: Resolver;
}

/**
 * A tunnel to a host of https by a proxy that looks names up by itself. This machine asks for HTTPS records alone; the proxy is
 * given the names and ports to which they lead, best first, each 250 ms after the one before, or at once when that has failed.
 *
 *     import { socks5 } from './socks5.js';
 *
 *     const proxy = { host: 'proxy.example', port: 1080, tunnel: socks5 };
 *     const tunnel = await firstValueFrom(serviceTunnel('example.com', 443, proxy));
 *     const socket = tls.connect({ socket: tunnel, servername: 'example.com' });
 *
 * The name of the certificate, SNI and `Host` stay those of the host: RFC 9460 section 3.2.
 */
export function serviceTunnel(host: string, port: number, { tunnel, resolver, ...proxy }: NamedProxy): Observable<Socket> {
  return servicePlaces(host, port, { resolver }).pipe(
    mergeMap((places) =>
      firstSuccess(
        places.map((place) => connect$<Socket, Socket>(proxy.host, proxy.port, { setup: tunnel(place.target, place.port) })),
        { delay: 250 },
      ),
    ),
  );
}
