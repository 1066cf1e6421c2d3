import ts from 'typescript';
import { LESSON } from '../../playground/src/lesson.js';
import { PRESETS } from '../../playground/src/presets.js';
import { programOf } from '../../playground/src/program.js';
import { simulate } from '../../playground/src/simulate.js';
import type { State } from '../../playground/src/state.js';
import * as core from '../../src/portable/index.js';
import * as main from '../../src/index.js';
import * as testing from '../../src/testing/index.js';
import { randomState } from '../support/playground.js';

const MODULES: Readonly<Record<string, unknown>> = { 'rx-happy-eyeballs': main, 'rx-happy-eyeballs/testing': testing };

/** Runs the program that a state is copied as, over the package and its testing kit. */
function runCopy(state: State, change = (code: string) => code): string {
  const code = programOf(state, simulate(state, { race: core.race, kit: core }));
  const { outputText } = ts.transpileModule(change(code), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- it is what a reader would run
  const run = new Function('require', 'exports', outputText) as (require: (name: string) => unknown, exports: object) => void;
  run((name) => MODULES[name], {});
  return code;
}

describe('what the playground copies as a spec', () => {
  it.each([...PRESETS, ...LESSON.map(({ title, state }) => ({ name: title, state }))])('runs, and holds: $name', ({ state }) => {
    runCopy(state);
  });

  it('runs, and holds, for 100 random states', () => {
    for (let seed = 1; seed <= 100; seed++) {
      try {
        runCopy(randomState(seed));
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  });

  it('fails where the race is another', () => {
    const { state } = PRESETS[1]!;
    expect(() => runCopy(state, (code) => code.replace('connects(30)', 'connects(35)'))).toThrow(
      'the attempts are not as expected',
    );
  });

  it('looks as its reader would have written it', () => {
    expect(runCopy(PRESETS[1]!.state)).toBe(`import { race$ } from 'rx-happy-eyeballs';
import { after, connects, expectAttempts, hangs, virtualNetwork } from 'rx-happy-eyeballs/testing';

const network = virtualNetwork({
  dns: {
    AAAA: after(10, ['2001:db8::1']),
    A: after(15, ['192.0.2.1']),
  },
  endpoints: {
    '2001:db8::1': hangs(),
    '192.0.2.1': connects(30),
  },
});
const report = network.run(race$('www.example.com', 443, network));

expectAttempts(network, {
  '2001:db8::1': '----------^ 279ms !',
  '192.0.2.1': ' 260ms ^ 29ms !',
});
if (report.winner !== '192.0.2.1') throw new Error(report.timeline());
if (report.finish !== 290) throw new Error(report.timeline());
`);
  });
});
