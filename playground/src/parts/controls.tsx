import { useState } from 'preact/hooks';
import { parseAddress } from '../../../src/core/address/address.js';
import {
  addressesOf,
  DEFAULT_PLACE,
  MOST_ADDRESSES,
  placeOf,
  RANGES,
  type AnswerState,
  type OptionsState,
  type PlaceState,
  type RecordState,
  type State,
} from '../state.js';
import { TARGET } from '../url.js';
import { ANSWER_WORDS, FATE_WORDS, placeInWords, RECORD_WORDS } from '../words.js';
import { Check, Choice, Group, Slider } from './fields.js';

interface Changing {
  readonly state: State;
  readonly change: (state: State) => void;
}

/** All that a state is made of: DNS, endpoints, options. */
export function Controls({ state, change }: Changing) {
  return (
    <form class="controls" aria-label="The network and the race" onSubmit={(event) => event.preventDefault()}>
      <Group title="DNS answers">
        <Answer type="AAAA" family={6} answer={state.aaaa} change={(aaaa) => change({ ...state, aaaa })} />
        <Answer type="A" family={4} answer={state.a} change={(a) => change({ ...state, a })} />
        <Records record={state.https} change={(https) => change({ ...state, https })} />
        <Check
          id="nat64"
          label="IPv6 alone, with NAT64"
          checked={state.nat64}
          onChange={(nat64) => change({ ...state, nat64 })}
        />
      </Group>
      <Group title="Endpoints">
        <Check
          id="tls"
          label="TLS: the handshake is part of the race"
          checked={state.tls}
          onChange={(tls) => change({ ...state, tls })}
        />
        <EveryPlace state={state} change={change} />
        {addressesOf(state).map((address) => (
          <Place
            key={address}
            address={address}
            tls={state.tls}
            place={placeOf(state, address)}
            change={(place) => change({ ...state, places: { ...state.places, [address]: place } })}
          />
        ))}
        {addressesOf(state).length === 0 && <p>No answer has an address.</p>}
      </Group>
      <Options options={state.options} change={(options) => change({ ...state, options })} />
    </form>
  );
}

function Answer(props: {
  readonly type: 'AAAA' | 'A';
  readonly family: 4 | 6;
  readonly answer: AnswerState;
  readonly change: (answer: AnswerState) => void;
}) {
  const { type, family, answer, change } = props;
  const { kind, after, addresses } = answer;
  return (
    <div class="part" role="group" aria-label={`${type} answer`}>
      <Choice
        id={`${type}-kind`}
        label={type}
        value={kind}
        words={ANSWER_WORDS}
        onChange={(kind) => change({ ...answer, kind })}
      />
      <Slider
        id={`${type}-after`}
        label={`${type} comes after`}
        value={after}
        range={RANGES.after}
        disabled={kind === 'never'}
        onInput={(after) => change({ ...answer, after })}
      />
      {kind === 'addresses' && (
        <Addresses type={type} family={family} addresses={addresses} change={(addresses) => change({ ...answer, addresses })} />
      )}
    </div>
  );
}

/** The addresses of an answer as text, which is taken when it makes sense. */
function Addresses(props: {
  readonly type: string;
  readonly family: 4 | 6;
  readonly addresses: readonly string[];
  readonly change: (addresses: readonly string[]) => void;
}) {
  const { type, family, addresses, change } = props;
  const [draft, setDraft] = useState<string>();
  const text = draft ?? addresses.join(' ');
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const wrong = words.find((word) => parseAddress(word)?.family !== family);
  const id = `${type}-addresses`;
  const take = (text: string) => {
    setDraft(text);
    const known = text.split(/[\s,]+/).flatMap((word) => {
      const parsed = parseAddress(word);
      return parsed?.family === family && !parsed.address.includes('%') ? [parsed.address] : [];
    });
    change([...new Set(known)].slice(0, MOST_ADDRESSES));
  };
  const add = () => {
    const free = Array.from({ length: 99 }, (_, index) =>
      family === 6 ? `2001:db8::${(index + 1).toString(16)}` : `192.0.2.${index + 1}`,
    );
    const next = free.find((address) => !addresses.includes(address));
    setDraft(undefined);
    if (next !== undefined && addresses.length < MOST_ADDRESSES) change([...addresses, next]);
  };
  return (
    <div class="field wide">
      <label for={id}>{type} addresses</label>
      <input
        type="text"
        id={id}
        value={text}
        spellcheck={false}
        autocomplete="off"
        aria-invalid={wrong !== undefined}
        aria-describedby={wrong === undefined ? undefined : `${id}-wrong`}
        onInput={({ currentTarget }) => take(currentTarget.value)}
        onBlur={() => setDraft(undefined)}
      />
      <button type="button" onClick={add} disabled={addresses.length >= MOST_ADDRESSES}>
        Add an {family === 6 ? 'IPv6' : 'IPv4'} address
      </button>
      {wrong !== undefined && (
        <p class="wrong" id={`${id}-wrong`}>
          {wrong} is not an IPv{family} address.
        </p>
      )}
    </div>
  );
}

function Records({ record, change }: { readonly record: RecordState; readonly change: (record: RecordState) => void }) {
  const { kind, after, target, port, hints } = record;
  return (
    <div class="part" role="group" aria-label="HTTPS answer">
      <Choice id="https-kind" label="HTTPS" value={kind} words={RECORD_WORDS} onChange={(kind) => change({ ...record, kind })} />
      {kind !== 'off' && (
        <Slider
          id="https-after"
          label="HTTPS comes after"
          value={after}
          range={RANGES.after}
          disabled={kind === 'never'}
          onInput={(after) => change({ ...record, after })}
        />
      )}
      {kind === 'record' && (
        <>
          <div class="field wide">
            <label for="https-target">Leads to the name (. is the host itself)</label>
            <input
              type="text"
              id="https-target"
              value={target}
              spellcheck={false}
              autocomplete="off"
              onChange={({ currentTarget: { value } }) => {
                if (TARGET.test(value)) change({ ...record, target: value });
              }}
            />
          </div>
          <Slider
            id="https-port"
            label="on port"
            value={port}
            range={{ min: 1, max: 10_000, step: 1 }}
            unit=""
            onInput={(port) => change({ ...record, port })}
          />
          <Check
            id="https-hints"
            label="with the addresses as hints"
            checked={hints}
            onChange={(hints) => change({ ...record, hints })}
          />
        </>
      )}
    </div>
  );
}

/** One slider for the round trips of all addresses. */
function EveryPlace({ state, change }: Changing) {
  const addresses = addressesOf(state);
  const times = new Set(addresses.map((address) => placeOf(state, address).after));
  if (addresses.length < 2) return null;
  return (
    <Slider
      id="all-after"
      label="Round trip of every address"
      value={Math.max(...times)}
      range={RANGES.after}
      {...(times.size > 1 && { text: 'different' })}
      onInput={(after) => {
        const places = addresses.map((address) => [address, { ...placeOf(state, address), after }]);
        change({ ...state, places: { ...state.places, ...(Object.fromEntries(places) as State['places']) } });
      }}
    />
  );
}

function Place(props: {
  readonly address: string;
  readonly tls: boolean;
  readonly place: PlaceState;
  readonly change: (place: PlaceState) => void;
}) {
  const { address, tls, place, change } = props;
  const { kind, after, bytes } = { ...DEFAULT_PLACE, ...place };
  return (
    <div class="part" role="group" aria-label={address}>
      <Choice
        id={`at-${address}`}
        label={address}
        value={kind}
        words={FATE_WORDS}
        onChange={(kind) => change({ ...place, kind })}
      />
      <Slider
        id={`at-${address}-after`}
        label={`Round trip of ${address}`}
        value={after}
        range={RANGES.after}
        disabled={kind === 'silent'}
        onInput={(after) => change({ ...place, after })}
      />
      {kind === 'breaks' && (
        <Slider
          id={`at-${address}-bytes`}
          label={`${address} loses everything after`}
          value={bytes}
          range={RANGES.bytes}
          unit="bytes"
          onInput={(bytes) => change({ ...place, bytes })}
        />
      )}
      <p class="words">{placeInWords(place, tls)}</p>
    </div>
  );
}

/** What each number is called on the page. */
const SLIDERS: readonly (readonly [name: keyof typeof RANGES & keyof OptionsState, label: string, unit: string])[] = [
  ['connectionAttemptDelay', 'Connection Attempt Delay', 'ms'],
  ['connectionAttemptDelayMultiplier', 'multiplied with each attempt in flight by', ''],
  ['resolutionDelay', 'Resolution Delay', 'ms'],
  ['firstAddressFamilyCount', 'First Address Family Count', ''],
  ['maxConcurrentAttempts', 'Attempts in flight at most', ''],
  ['connectTimeout', 'The whole race at most', 'ms'],
];

function Options({ options, change }: { readonly options: OptionsState; readonly change: (options: OptionsState) => void }) {
  return (
    <Group title="Options of the race">
      {SLIDERS.map(([name, label, unit]) => (
        <Slider
          key={name}
          id={name}
          label={label}
          value={options[name]}
          range={RANGES[name]}
          unit={unit}
          onInput={(value) => change({ ...options, [name]: value })}
        />
      ))}
      <Choice
        id="preferFamily"
        label="The family that leads"
        value={`f${options.preferFamily}`}
        words={{ f0: 'IPv6, as usual', f6: 'IPv6, whatever the order', f4: 'IPv4' }}
        onChange={(value) => change({ ...options, preferFamily: Number(value.slice(1)) as 0 | 4 | 6 })}
      />
      <Check
        id="interleave"
        label="Alternate the families"
        checked={options.interleave}
        onChange={(interleave) => change({ ...options, interleave })}
      />
      <Check
        id="enabled"
        label="Race: several attempts at a time"
        checked={options.enabled}
        onChange={(enabled) => change({ ...options, enabled })}
      />
    </Group>
  );
}
