import { record, serviceRace } from './support/service-zone.js';

/** The numbers are those of the draft's sequences; two addresses of each family, as there. */
const six = ['2001:db8::1', '2001:db8::2'] as const;
const four = ['192.0.2.1', '192.0.2.2'] as const;
const noHints = record(1, '.');

/** When the first attempts began, and where to; attempts hang. */
const begun = (zone: Parameters<typeof serviceRace>[0]['zone'][string], ...others: object[]) =>
  serviceRace({ zone: Object.assign({ 'example.com': zone }, ...others), options: { connectTimeout: 600 } }).begun;

describe('HEv3, "Handling DNS Answers Asynchronously", the examples', () => {
  it('[V1] 1: HTTPS and AAAA are there: starts at once, and A joins', () => {
    expect(begun({ HTTPS: [30, noHints], AAAA: [30, ...six], A: [32, ...four] })).toEqual([
      '30 [2001:db8::1]:443 example.com',
      '280 192.0.2.1:443 example.com',
      '530 [2001:db8::2]:443 example.com',
    ]);
  });

  it('[V1] 2: A comes before AAAA, which follows within the Resolution Delay', () => {
    expect(begun({ HTTPS: [30, noHints], A: [30, ...four], AAAA: [40, ...six] })).toEqual([
      '40 [2001:db8::1]:443 example.com',
      '290 192.0.2.1:443 example.com',
      '540 [2001:db8::2]:443 example.com',
    ]);
  });

  it('[V1] 3: A comes long before AAAA: starts with IPv4 after the Resolution Delay', () => {
    expect(begun({ HTTPS: [30, noHints], A: [30, ...four], AAAA: [180, ...six] })).toEqual([
      '80 192.0.2.1:443 example.com',
      '330 [2001:db8::1]:443 example.com',
      '580 [2001:db8::2]:443 example.com',
    ]);
  });

  it('[V1] 4: HTTPS comes a little later', () => {
    expect(begun({ AAAA: [30, ...six], A: [30, ...four], HTTPS: [40, noHints] })).toEqual([
      '40 [2001:db8::1]:443 example.com',
      '290 192.0.2.1:443 example.com',
      '540 [2001:db8::2]:443 example.com',
    ]);
  });

  it.each([
    ['much later', [300, noHints] as const],
    ['never', 'dropped' as const],
  ])('[V1] 5: HTTPS comes %s: the Resolution Delay, and no more', (_, HTTPS) => {
    expect(begun({ AAAA: [30, ...six], A: [30, ...four], HTTPS })[0]).toBe('80 [2001:db8::1]:443');
  });

  it('[V2] 6: AAAA is late, and the hints are there: starts at once', () => {
    const hinted = record(1, '.', { ipv6hint: ['2001:db8::1'], ipv4hint: ['192.0.2.1'] });
    expect(begun({ HTTPS: [30, hinted], AAAA: [400, ...six], A: [400, ...four] })).toEqual([
      '30 [2001:db8::1]:443 example.com?',
      '280 192.0.2.1:443 example.com?',
      '530 [2001:db8::2]:443 example.com',
    ]);
  });

  it('[V4] 7: two targets: the known one is tried while the addresses of the other are asked for', () => {
    const { begun, asked } = serviceRace({
      zone: {
        'example.com': { HTTPS: [30, noHints, record(1, 'alt.example')], AAAA: [30, ...six], A: [30, ...four] },
        'alt.example': { AAAA: [30, '2001:db8:a::1'], A: [30, '198.51.100.1'] },
      },
      options: { connectTimeout: 1600 },
    });
    expect(asked).toEqual([
      '0 example.com HTTPS',
      '0 example.com AAAA',
      '0 example.com A',
      '30 alt.example AAAA',
      '30 alt.example A',
    ]);
    expect(begun).toEqual([
      '30 [2001:db8::1]:443 example.com',
      '280 192.0.2.1:443 example.com',
      '530 [2001:db8::2]:443 example.com',
      '780 192.0.2.2:443 example.com',
      '1030 [2001:db8:a::1]:443 alt.example',
      '1280 198.51.100.1:443 alt.example',
    ]);
  });

  it('[V1] 8: IPv4 alone, HTTPS a little later', () => {
    const { begun, asked } = serviceRace({
      zone: { 'example.com': { A: [30, ...four], HTTPS: [40, noHints] } },
      options: { family: 4, connectTimeout: 400 },
    });
    expect(asked).toEqual(['0 example.com HTTPS', '0 example.com A']);
    expect(begun).toEqual(['40 192.0.2.1:443 example.com', '290 192.0.2.2:443 example.com']);
  });
});

describe('HEv3, "Handling DNS Answers Asynchronously"', () => {
  it('[V1] asks for HTTPS, AAAA and A side by side, in this order', () => {
    expect(serviceRace({ zone: {} }).asked).toEqual(['0 example.com HTTPS', '0 example.com AAAA', '0 example.com A']);
  });

  it('[V1] asks for no records where the option is not given, or there can be none', () => {
    const types = (race: Omit<Parameters<typeof serviceRace>[0], 'zone'>) =>
      serviceRace({ zone: {}, ...race }).asked.map((line) => line.split(' ').at(-1));
    expect(types({ options: { serviceRecords: false } })).toEqual(['AAAA', 'A']);
    expect(types({ host: 'intranet' })).toEqual(['AAAA', 'A']);
    expect(types({ host: 'printer.local' })).toEqual(['AAAA', 'A']);
    for (const host of ['localhost', '192.0.2.1', '[2001:db8::1]']) expect(types({ host })).toEqual([]);
  });

  it('[V1] counts the Resolution Delay from the first address, and that HTTPS is absent as service information', () => {
    expect(begun({ HTTPS: [200], AAAA: [100, ...six], A: [100, ...four] })[0]).toBe('150 [2001:db8::1]:443');
    expect(begun({ HTTPS: [120], AAAA: [100, ...six], A: [100, ...four] })[0]).toBe('120 [2001:db8::1]:443');
    expect(begun({ HTTPS: { after: 5, code: 'ESERVFAIL' }, AAAA: [100, ...six] })[0]).toBe('100 [2001:db8::1]:443');
  });

  it('[V1] starts exactly when the Resolution Delay is over', () => {
    expect(begun({ HTTPS: [150, noHints], AAAA: [100, ...six] })[0]).toBe('150 [2001:db8::1]:443 example.com');
    expect(begun({ HTTPS: [151, noHints], AAAA: [100, ...six] })[0]).toBe('150 [2001:db8::1]:443');
  });

  it('[V1] lets no address be tried twice when its record comes late', () => {
    const all = begun({ HTTPS: [100, noHints], AAAA: [10, ...six], A: [10, ...four] });
    expect(all).toEqual(['60 [2001:db8::1]:443', '310 192.0.2.1:443 example.com', '560 [2001:db8::2]:443 example.com']);
  });

  it('[V1] fails with the code of the addresses when there are none, whatever HTTPS says', () => {
    const { error } = serviceRace({ zone: { 'example.com': { HTTPS: { after: 5, code: 'ESERVFAIL' } } } });
    expect(error).toMatchObject({ code: 'ENODATA', reason: 'resolution' });
  });
});
