import { placesBy, startKnot } from '../support/knot.js';
import { describeWith, type ServerProgram } from '../support/server-program.js';

const head = (zone: string) => `$ORIGIN ${zone}.\n@ 60 IN SOA ns host 1 3600 600 86400 60\n@ 60 IN NS ns\nns 60 IN A 127.0.0.1\n`;

/** The zones of RFC 9460 section 10.4.4, record by record. Of the three CNAMEs of `www` a zone holds one at a time. */
const zones = (www: string) => ({
  'customer.example': `${head('customer.example')}
www 900 IN CNAME ${www}
@     7200 IN HTTPS 0 www
              IN A    203.0.113.82
              IN AAAA 2001:db8:203::2
`,
  'svc1.example': `${head('svc1.example')}
cdn1     1800 IN HTTPS 1 h3pool alpn=h3
                  HTTPS 2 . alpn=h2
                  A    192.0.2.2
                  AAAA 2001:db8:192::4
h3pool 300 IN A 192.0.2.3
            AAAA 2001:db8:192:7::3
`,
  'svc2.example': `${head('svc2.example')}
customer 300 IN HTTPS 1 . alpn=h2
          60    IN A    198.51.100.2
                IN A    198.51.100.3
                IN A    198.51.100.4
                IN AAAA 2001:db8:198::7
                IN AAAA 2001:db8:198::12
`,
  'svc3.example': `${head('svc3.example')}
cdn3      60 IN A    203.0.113.8
                AAAA 2001:db8:113::8
`,
});

/** The addresses that clients without HTTPS records use for the apex. */
const APEX = ['[2001:db8:203::2]:443', '203.0.113.82:443'];

describeWith(['knotd'], 'RFC 9460 section 10.4.4, a customer of several CDNs', () => {
  let knot: ServerProgram | undefined;

  afterEach(() => knot?.close());

  /** Where races go for `www` and for the apex. */
  const places = async (www: string) => {
    knot = await startKnot(zones(www));
    const server = `127.0.0.1:${knot.ports[0]}`;
    return {
      www: await placesBy(server, 'www.customer.example'),
      apex: await placesBy(server, 'customer.example'),
    };
  };

  it('[V3] [V4] cdn1.svc1.example, which has another service for HTTP/3', async () => {
    // h3pool speaks the default protocol as well: it has no no-default-alpn.
    const cdn1 = [
      '[2001:db8:192:7::3]:443 h3pool.svc1.example',
      '192.0.2.3:443 h3pool.svc1.example',
      '[2001:db8:192::4]:443 www.customer.example',
      '192.0.2.2:443 www.customer.example',
    ];
    expect(await places('cdn1.svc1.example.')).toEqual({ www: cdn1, apex: [...cdn1, ...APEX] });
  });

  it('[V3] [V4] customer.svc2.example, which speaks HTTP/2 alone', async () => {
    const { www, apex } = await places('customer.svc2.example.');
    const svc2 = [
      '198.51.100.2:443 www.customer.example',
      '198.51.100.3:443 www.customer.example',
      '198.51.100.4:443 www.customer.example',
      '[2001:db8:198::12]:443 www.customer.example',
      '[2001:db8:198::7]:443 www.customer.example',
    ];
    // A server may turn the addresses of a name round.
    expect([...www].sort()).toEqual(svc2);
    expect(apex.slice(0, 5).sort()).toEqual(svc2);
    expect(www.map((place) => place.startsWith('['))).toEqual([true, false, true, false, false]);
    expect(apex.slice(5)).toEqual(APEX);
  });

  it('[V9] cdn3.svc3.example, which has no HTTPS records', async () => {
    const cdn3 = ['[2001:db8:113::8]:443', '203.0.113.8:443'];
    const aliased = cdn3.map((place) => `${place} www.customer.example`);
    expect(await places('cdn3.svc3.example.')).toEqual({ www: cdn3, apex: [...aliased, ...APEX] });
  });
});
