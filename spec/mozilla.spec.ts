import { servicePlaces, type Answer, type RaceOptions, type ServiceRecord } from '../src/index.js';
import { refuses } from '../src/testing/index.js';
import { placeOf, record, serviceRace, zoneResolver, type ServiceEntry, type ServiceZone } from './support/service-zone.js';
import { A, AAAA, answering, negative, runRace, type Lookup, type VirtualRace } from './support/virtual-race.js';
import { VirtualTimeScheduler } from 'rxjs';

/**
 * The cases of Mozilla's implementation (https://github.com/mozilla/happy-eyeballs, `tests/`), each under its name there. Those
 * in which it does what the draft does not are at the end, with what this package does; docs/conformance.md says why.
 */
const [six, six2, six3] = ['2001:db8::1', '2001:db8::2', '2001:db8::3'];
const [four, four2] = ['192.0.2.1', '192.0.2.2'];
const svc1 = 'svc1.example.com';
const svc2 = 'svc2.example.com';

/** A record as most of those cases have it: without the default protocol. */
const info = (priority: number, target: string, alpn: readonly string[], params: Partial<ServiceRecord> = {}) =>
  record(priority, target, { alpn, noDefaultAlpn: true, ...params });

const ALL: RaceOptions = { serviceRecords: { scheme: 'https', alpn: ['h3', 'h2', 'http/1.1'] } };

type Race = Omit<Parameters<typeof serviceRace>[0], 'zone'>;

/** Where and when attempts began; they hang. Behind those by QUIC stands `h3`. */
function begun(entry: ServiceEntry, { options = {}, ...race }: Race = {}, others: ServiceZone = {}): string[] {
  const { events } = serviceRace({
    zone: { 'example.com': entry, ...others },
    options: { connectTimeout: 5000, ...ALL, ...options },
    ...race,
  });
  return events.flatMap((event) => {
    if (event.type !== 'started') return [];
    return [`${event.at} ${placeOf(event.endpoint)}${event.endpoint.protocol === 'quic' ? ' h3' : ''}`];
  });
}

/** The same without the times. */
const places = (...race: Parameters<typeof begun>) => begun(...race).map((line) => line.slice(line.indexOf(' ') + 1));

describe('Mozilla: hostname_resolution', () => {
  it('[V1] sendig_dns_queries: HTTPS, AAAA, A', () => {
    const { asked } = serviceRace({ zone: {} });
    expect(asked).toEqual(['0 example.com HTTPS', '0 example.com AAAA', '0 example.com A']);
  });

  it('[V1] dont_wait_for_all_dns_answers', () => {
    const entry: ServiceEntry = { HTTPS: [10, info(1, '.', ['h3', 'h2'])], AAAA: [20, six], A: 'dropped' };
    expect(begun(entry)[0]).toBe(`20 [${six}]:443 example.com h3`);
  });

  describe.each<[string, ServiceEntry['HTTPS'], string]>([
    ['a record', [30, record(1, '.')], ' example.com'],
    ['no record', [30], ''],
  ])('with %s', (_, HTTPS, service) => {
    it.each<[string, 4 | 6, ServiceEntry, string]>([
      ['IPv6 preferred: AAAA', 6, { AAAA: [10, six], A: 'dropped' }, `[${six}]:443`],
      ['IPv6 preferred: A, then AAAA', 6, { A: [10, four], AAAA: [20, six] }, `[${six}]:443`],
      ['IPv6 preferred: A, and no AAAA', 6, { A: [10, four], AAAA: [20] }, `${four}:443`],
      ['IPv4 preferred: A', 4, { A: [10, four], AAAA: 'dropped' }, `${four}:443`],
      ['IPv4 preferred: AAAA, then A', 4, { AAAA: [10, six], A: [20, four] }, `${four}:443`],
      ['IPv4 preferred: AAAA, and no A', 4, { AAAA: [10, six], A: [20] }, `[${six}]:443`],
    ])('[V1] [R6] move_on_non_timeout: %s', (_, preferFamily, addresses, place) => {
      expect(begun({ ...addresses, HTTPS }, { options: { preferFamily } })[0]).toBe(`30 ${place}${service}`);
    });
  });

  it.each(['move_on_timeout', 'resolution_delay_starts_after_other_response', 'resolution_delay_starts_on_first_response'])(
    '[V1] %s',
    () => {
      expect(begun({ HTTPS: 'dropped', AAAA: 'dropped', A: [10, four] })[0]).toBe(`60 ${four}:443`);
    },
  );

  it('[V2] https_v4_hints_move_on_with_timeout', () => {
    const hinted = info(1, '.', ['h3', 'h2'], { ipv4hint: [four] });
    expect(begun({ HTTPS: [10, hinted], AAAA: 'dropped', A: 'dropped' })[0]).toBe(`60 ${four}:443 example.com? h3`);
  });

  it('[V2] https_hints: hints that are denied are gone, and what was started goes on', () => {
    const hinted = info(1, '.', ['h3'], { ipv6hint: [six], ipv4hint: [four] });
    const race: Race = { fates: { [six]: refuses(300) } };
    expect(begun({ HTTPS: [10, hinted], AAAA: [100], A: [110] }, race)).toEqual([`10 [${six}]:443 example.com? h3`]);
  });

  it('[V1] resolution_delay_boundary: nothing starts twice when the delay is exactly over', () => {
    const race: Race = { fates: { [four]: refuses(0) } };
    expect(begun({ HTTPS: [10], A: [10, four], AAAA: 'dropped' }, race)).toEqual([`60 ${four}:443`]);
  });

  it('[V2] https_hints_still_query_a_aaaa', () => {
    const zone: ServiceZone = { 'example.com': { HTTPS: [10, info(1, svc1, ['h3', 'h2'], { ipv6hint: [six2] })] } };
    const { asked } = serviceRace({ zone, options: { connectTimeout: 50, ...ALL } });
    expect(asked.slice(3)).toEqual([`10 ${svc1} AAAA`, `10 ${svc1} A`]);
  });

  it('[V7] https_h3_upgrade_without_hints', () => {
    const entry: ServiceEntry = { AAAA: [10, six], HTTPS: [30, info(1, '.', ['h3', 'h2'])] };
    expect(begun(entry)[0]).toBe(`30 [${six}]:443 example.com h3`);
  });

  it('[V7] https_h3_disabled', () => {
    const entry: ServiceEntry = { AAAA: [10, six], HTTPS: [30, info(1, '.', ['h3', 'h2'])] };
    const options: RaceOptions = { serviceRecords: { scheme: 'https', alpn: ['h2', 'http/1.1'] } };
    expect(begun(entry, { options })).toEqual([`30 [${six}]:443 example.com`]);
  });

  it('[A1] multiple_ips_per_record', () => {
    expect(begun({ HTTPS: [10], A: [20], AAAA: [30, six, six2, six3] }).slice(0, 2)).toEqual([
      `30 [${six}]:443`,
      `280 [${six2}]:443`,
    ]);
  });

  it.each([
    [4, 'A', four],
    [6, 'AAAA', `[${six}]`],
  ] as const)('[V1] single_stack_skips_disabled_address_family: IPv%i', (family, type, address) => {
    const zone: ServiceZone = { 'example.com': { HTTPS: [10], AAAA: [20, six], A: [20, four] } };
    const { asked, begun: all } = serviceRace({ zone, options: { family, connectTimeout: 200, ...ALL } });
    expect(asked).toEqual(['0 example.com HTTPS', `0 example.com ${type}`]);
    expect(all).toEqual([`20 ${address}:443`]);
  });

  it.each([
    [4, 'A'],
    [6, 'AAAA'],
  ] as const)('[V4] single_stack_target_name_skips_disabled_address_family: IPv%i', (family, type) => {
    const zone: ServiceZone = { 'example.com': { HTTPS: [10, info(1, svc1, ['h2'])], AAAA: 'dropped', A: 'dropped' } };
    const { asked } = serviceRace({ zone, options: { family, connectTimeout: 200, ...ALL } });
    expect(asked).toEqual(['0 example.com HTTPS', `0 example.com ${type}`, `10 ${svc1} ${type}`]);
  });
});

describe('Mozilla: https_records', () => {
  const host = { AAAA: [30, six], A: [30, four] } as const;

  it.each(['ech_config_propagated_to_endpoint', 'ech_config_from_https_applies_to_aaaa'])('[V14] %s', (name) => {
    const ech = Uint8Array.of(1, 2, 3);
    const hints = name.startsWith('ech_config_propagated') ? { ipv6hint: [six] } : {};
    const { events } = serviceRace({
      zone: { 'example.com': { AAAA: [30, six], HTTPS: [10, info(1, '.', ['h3', 'h2'], { ech, ...hints })] } },
      options: { ...ALL, connectTimeout: 100 },
    });
    const started = events.find((event) => event.type === 'started');
    expect(started?.endpoint).toMatchObject({ address: six, protocol: 'quic', service: { record: { ech } } });
  });

  it('[V14] ech_disabled: the host itself is still tried', () => {
    const ech = Uint8Array.of(1, 2, 3);
    expect(places({ AAAA: [10, six], A: [10], HTTPS: [10, info(1, '.', ['h3'], { ipv6hint: [six], ech })] })).toEqual([
      `[${six}]:443 example.com h3`,
      `[${six}]:443`,
    ]);
  });

  it('[V4] multiple_target_names: addresses of the host do not go before those of the target', () => {
    const entry: ServiceEntry = { HTTPS: [10, info(1, svc1, ['h3', 'h2'], { ipv6hint: [six2] })], AAAA: [10, six] };
    expect(begun(entry, {}, { [svc1]: { AAAA: 'dropped', A: 'dropped' } })[0]).toBe(`10 [${six2}]:443 ${svc1}? h3`);
  });

  it('[V7] per_record_alpn_not_unioned_across_records', () => {
    const entry: ServiceEntry = { ...host, A: [30], HTTPS: [10, info(1, svc1, ['h3']), info(2, svc2, ['h2'])] };
    const others: ServiceZone = { [svc1]: { AAAA: [10, six2] }, [svc2]: { AAAA: [10, six3] } };
    expect(places(entry, {}, others)).toEqual([`[${six2}]:443 ${svc1} h3`, `[${six3}]:443 ${svc2}`, `[${six}]:443`]);
  });

  it.each([
    ['v6_hints', []],
    ['v4_and_v6_hints', [four]],
  ])('[V6] https_port_svcparam_overrides_port_for::%s', (_, ipv4hint) => {
    const hinted = info(1, '.', ['h3', 'h2'], { ipv6hint: [six], ...(ipv4hint.length > 0 && { ipv4hint }), port: 8443 });
    const started = places({ HTTPS: [10, hinted], AAAA: 'dropped', A: 'dropped' }, { options: { connectTimeout: 300 } });
    expect(started).toHaveLength(2);
    expect(started.every((place) => place.includes(':8443 example.com?'))).toBe(true);
  });

  it('[V6] https_port_svcparam_applies_to_resolved_a_and_aaaa', () => {
    const entry: ServiceEntry = { HTTPS: [10, info(1, '.', ['h3', 'h2'], { port: 8443 })], AAAA: [20, six], A: [30, four] };
    expect(begun(entry, { fates: { [six]: refuses(20) } }).slice(0, 2)).toEqual([
      `20 [${six}]:8443 example.com h3`,
      `40 ${four}:8443 example.com h3`,
    ]);
  });

  it('[V6] https_port_svcparam_applies_but_fallbacks_follow', () => {
    expect(places({ ...host, HTTPS: [10, info(1, '.', ['h3', 'h2'], { port: 8443 })] })).toEqual([
      `[${six}]:8443 example.com h3`,
      `${four}:8443 example.com h3`,
      `[${six}]:8443 example.com`,
      `${four}:8443 example.com`,
      `[${six}]:443`,
      `${four}:443`,
    ]);
  });

  it('[V3] https_two_service_infos_with_different_ports', () => {
    const group = (port: number) => [
      `[${six}]:${port} example.com h3`,
      `${four}:${port} example.com h3`,
      `[${six}]:${port} example.com`,
      `${four}:${port} example.com`,
    ];
    const records = [1, 2].map((priority) => info(priority, 'example.com', ['h3', 'h2'], { port: 20006 + priority }));
    expect(places({ ...host, HTTPS: [10, ...records] }, { options: { maxConcurrentAttempts: Infinity } })).toEqual([
      ...group(20007),
      ...group(20008),
      `[${six}]:443`,
      `${four}:443`,
    ]);
  });

  it('[V7] no_default_alpn', () => {
    const race: Race = { fates: { [six]: refuses(0), [four]: refuses(0) } };
    expect(places({ ...host, HTTPS: [10, info(1, '.', ['h3', 'h2'])] }, race)).toEqual([
      `[${six}]:443 example.com h3`,
      `${four}:443 example.com h3`,
      `[${six}]:443 example.com`,
      `${four}:443 example.com`,
    ]);
  });

  it('[V3] https_svc1_addresses_trigger_additional_attempts', () => {
    const entry: ServiceEntry = { ...host, HTTPS: [10, info(1, '.', ['h3', 'h2']), info(2, svc1, ['h3', 'h2'])] };
    const others: ServiceZone = { [svc1]: { AAAA: [100, six2], A: [100, four2] } };
    expect(places(entry, {}, others)).toEqual([
      `[${six}]:443 example.com h3`,
      `${four}:443 example.com h3`,
      `[${six}]:443 example.com`,
      `${four}:443 example.com`,
      `[${six2}]:443 ${svc1} h3`,
      `${four2}:443 ${svc1} h3`,
      `[${six2}]:443 ${svc1}`,
      `${four2}:443 ${svc1}`,
    ]);
  });

  it('[V4] target_name_redirect_addresses_used_in_connection_attempts', () => {
    const others: ServiceZone = { [svc1]: { AAAA: [10, six2], A: [15, four2] } };
    expect(places({ ...host, HTTPS: [10, info(1, `${svc1}.`, ['h3'])] }, {}, others)).toEqual([
      `[${six2}]:443 ${svc1} h3`,
      `${four2}:443 ${svc1} h3`,
      `[${six}]:443`,
      `${four}:443`,
    ]);
  });

  it('[V7] https_fallback_uses_default_http_versions', () => {
    expect(places({ HTTPS: [10, info(1, '.', ['h3'], { port: 8443 })], AAAA: [20], A: [30, four] })).toEqual([
      `${four}:8443 example.com h3`,
      `${four}:443`,
    ]);
  });

  it('[V4] rfc_multi_cdn_target_names_resolved_and_attempted', () => {
    const [pool, cdn] = ['h3pool.svc1.example', 'cdn1.svc1.example'];
    const others: ServiceZone = {
      [pool]: { AAAA: [10, '2001:db8:192:7::3'], A: [15, '192.0.2.3'] },
      [cdn]: { AAAA: [20, '2001:db8:192::4'], A: [20, '192.0.2.2'] },
    };
    expect(places({ ...host, HTTPS: [10, info(1, pool, ['h3']), info(2, cdn, ['h2'])] }, {}, others)).toEqual([
      `[2001:db8:192:7::3]:443 ${pool} h3`,
      `192.0.2.3:443 ${pool} h3`,
      `[2001:db8:192::4]:443 ${cdn}`,
      `192.0.2.2:443 ${cdn}`,
      `[${six}]:443`,
      `${four}:443`,
    ]);
  });

  it('[V4] root_target_name_resolves_to_origin', () => {
    const zone: ServiceZone = { 'example.com': { ...host, HTTPS: [10, info(1, '.', ['h3'])] } };
    const { asked, begun: all } = serviceRace({ zone, options: { ...ALL, connectTimeout: 400 } });
    expect(asked).toHaveLength(3);
    expect(all).toEqual([`30 [${six}]:443 example.com`, `280 ${four}:443 example.com`]);
  });
});

describe('Mozilla: network_config', () => {
  it('[R12] ip_host', () => {
    expect(begun({}, { host: '[2001:0DB8::1]' })).toEqual([`0 [${six}]:443`]);
  });

  it('[V1] custom_delays', () => {
    const options: RaceOptions = { resolutionDelay: 10, connectionAttemptDelay: 50 };
    expect(begun({ HTTPS: 'dropped', AAAA: 'dropped', A: [10, four, four2] }, { options })).toEqual([
      `20 ${four}:443`,
      `70 ${four2}:443`,
    ]);
  });
});

describe('Mozilla: optimistic_dns', () => {
  const stale = { ...AAAA(six), stale: true };
  const run = (lookup: Lookup, fates: VirtualRace['fates'] = {}) => {
    const { starts, error } = runRace({ lookup, fates, options: { connectTimeout: 2000 } });
    return { starts, error };
  };

  it.each(['stale_answer_races_and_refreshes', 'refresh_confirming_same_address_is_quiet'])('[R11] %s', () => {
    expect(run(answering([10, stale], [10, negative('A')], [200, AAAA(six)])).starts).toEqual([[six, 10]]);
  });

  it('[R11] stale_a_answer_races_and_refreshes', () => {
    const answers = answering([5, negative('AAAA')], [10, { ...A(four), stale: true }], [200, A(four)]);
    expect(run(answers).starts).toEqual([[four, 10]]);
  });

  it('[R11] refresh_with_changed_address_updates_candidates', () => {
    expect(run(answering([10, stale], [10, negative('A')], [200, AAAA(six2)])).starts).toEqual([
      [six, 10],
      [six2, 260],
    ]);
  });

  it('[R11] stale_failure_waits_for_refresh', () => {
    const { starts } = run(answering([10, negative('A')], [10, stale], [200, AAAA(six2)]), { [six]: refuses(5) });
    expect(starts).toEqual([
      [six, 10],
      [six2, 200],
    ]);
  });

  it.each<[string, Answer]>([
    ['failure_reported_after_refresh_also_fails', AAAA(six)],
    ['refresh_negative_then_failure', negative('AAAA')],
  ])('[R11] %s', (_, fresh) => {
    const { starts, error } = run(answering([10, negative('A')], [10, stale], [200, fresh]), { [six]: refuses(5) });
    expect(starts).toEqual([[six, 10]]);
    expect(error).toMatchObject({ code: 'ECONNREFUSED', reason: 'attempts' });
  });
});

describe('Mozilla: connect_by_name', () => {
  /** The places of a service, and what was asked. */
  const placesOf = (entry: ServiceEntry, host = 'example.com') => {
    const scheduler = new VirtualTimeScheduler();
    const asked: string[] = [];
    const found: string[] = [];
    const options = { resolver: zoneResolver({ 'example.com': entry }, scheduler, asked) };
    servicePlaces(host, 443, options).subscribe((all) => {
      found.push(...all.map(({ target, port }) => `${target}:${port}`));
    });
    scheduler.flush();
    return { found, asked };
  };

  it('[V16] https_rr_only_sends_https_query', () => {
    expect(placesOf({ HTTPS: [10, record(1, '.')] }).asked).toEqual(['0 example.com HTTPS']);
  });

  it.each([
    [`${svc1}.`, svc1],
    ['.', 'example.com'],
  ])('[V16] https_rr_by_name_host_is_a_connect_name: %s', (target, name) => {
    expect(placesOf({ HTTPS: [10, record(1, target)] }).found[0]).toBe(`${name}:443`);
  });

  it('[V16] https_rr_negative_falls_back_to_by_name_h2_h1, https_rr_empty_falls_back_to_by_name_h2_h1', () => {
    expect(placesOf({ HTTPS: { after: 10, code: 'ESERVFAIL' } }).found).toEqual(['example.com:443']);
    expect(placesOf({ HTTPS: [10] }).found).toEqual(['example.com:443']);
  });

  it('[V16] by_name_origin_drops_trailing_root_label', () => {
    expect(placesOf({ HTTPS: [10] }, 'example.com.').found).toEqual(['example.com:443']);
  });
});

describe('Mozilla, where the draft is otherwise', () => {
  const host = { AAAA: [30, six], A: [30, four] } as const;
  const lastResort: RaceOptions = {
    serviceRecords: { scheme: 'https', alpn: ['h3', 'h2', 'http/1.1'], hints: 'lastResort' },
  };

  it('[V2] https_hints_move_on_with_timeout: a hint of the preferred family starts at once', () => {
    const hinted = info(1, '.', ['h3', 'h2'], { ipv6hint: [six] });
    expect(begun({ HTTPS: [10, hinted], AAAA: 'dropped', A: 'dropped' })[0]).toBe(`10 [${six}]:443 example.com? h3`);
  });

  it.each([
    ['hints_kept_as_fallback_on_negative_answer', [] as string[]],
    ['hints_kept_as_fallback_after_address_records', [six]],
    ['root_target_hints_follow_origin_addresses', [six]],
  ])("[V2] %s: gone, or with hints: 'lastResort' after all else", (_, addresses) => {
    const entry: ServiceEntry = {
      AAAA: [10, ...addresses],
      A: [10, four],
      HTTPS: [20, info(1, '.', ['h2'], { ipv6hint: [six2] })],
    };
    const real = [...addresses.map((address) => `[${address}]:443 example.com`), `${four}:443 example.com`];
    expect(places(entry)).toEqual(real);
    expect(places(entry, { options: lastResort })).toEqual([...real, `[${six2}]:443 example.com?`]);
  });

  it.each([
    ['empty_a_aaaa_at_resolution_delay_keeps_v6_hint', 60],
    ['empty_a_aaaa_before_https_v6_hint_keeps_hint', 5],
  ])("[V2] %s: with hints: 'lastResort'", (_, after) => {
    const entry: ServiceEntry = { HTTPS: [10, record(1, '.', { ipv4hint: [four] })], AAAA: [after], A: [after] };
    expect(places(entry, { options: lastResort })).toEqual([`${four}:443 example.com?`]);
  });

  it('[V2] https_hints: a query that fails denies no hint', () => {
    const hinted = info(1, '.', ['h2'], { ipv6hint: [six], ipv4hint: [four] });
    const failed = { after: 100, code: 'ESERVFAIL' } as const;
    expect(places({ HTTPS: [10, hinted], AAAA: failed, A: failed })).toHaveLength(2);
  });

  it('[V7] hint_equal_to_resolved_address_is_not_attempted_twice, nor is the host after its record', () => {
    const entry: ServiceEntry = { HTTPS: [10, info(1, '.', ['h2'], { ipv6hint: [six] })], AAAA: [20, six], A: [20] };
    expect(places(entry)).toHaveLength(1);
  });

  it('[V5] record_without_alpn_contributes_no_endpoints: the default protocol is added here', () => {
    const entry: ServiceEntry = { AAAA: [30, six], A: [30], HTTPS: [10, info(1, svc1, ['h3']), record(2, svc2)] };
    const others: ServiceZone = { [svc1]: { AAAA: [10, six2] }, [svc2]: { AAAA: [10, six3] } };
    expect(places(entry, {}, others)).toEqual([`[${six2}]:443 ${svc1} h3`, `[${six3}]:443 ${svc2}`, `[${six}]:443`]);
    const h2: RaceOptions = { serviceRecords: { scheme: 'https', alpn: ['h3', 'h2'] } };
    expect(places(entry, { options: h2 }, others)).toEqual([`[${six2}]:443 ${svc1} h3`, `[${six}]:443`]);
  });

  it.each(['partial_ech_two_service_infos', 'both_service_infos_have_ech_no_origin_fallback', 'partial_ech_with_alt_svc'])(
    '[V14] %s: ech excludes nothing',
    (name) => {
      const ech = Uint8Array.of(1, 2, 3);
      const second = info(2, svc2, ['h2'], { port: 10443, ...(name.startsWith('both') && { ech }) });
      const entry: ServiceEntry = { ...host, HTTPS: [10, info(1, svc1, ['h3'], { port: 9443, ech }), second] };
      const others: ServiceZone = { [svc1]: { A: [10, four2] }, [svc2]: { A: [10, four] } };
      expect(places(entry, {}, others)).toEqual([
        `${four2}:9443 ${svc1} h3`,
        `${four}:10443 ${svc2}`,
        `[${six}]:443`,
        `${four}:443`,
      ]);
    },
  );

  it('[V7] interleaves_protocol_variants_and_address_families: families alternate, QUIC first within each', () => {
    const entry: ServiceEntry = { AAAA: [10, six, six2], A: [10, four], HTTPS: [10, info(1, '.', ['h3', 'h2'])] };
    expect(places(entry)).toEqual([
      `[${six}]:443 example.com h3`,
      `${four}:443 example.com h3`,
      `[${six2}]:443 example.com h3`,
      `${four}:443 example.com`,
      `[${six}]:443 example.com`,
      `[${six2}]:443 example.com`,
    ]);
  });
});
