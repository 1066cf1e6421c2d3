import { registerByEnvironment } from '../../src/stand-in/environment.js';

const VARIABLE = 'RX_HAPPY_EYEBALLS';
const before = process.env[VARIABLE];
afterEach(() => {
  if (before === undefined) Reflect.deleteProperty(process.env, VARIABLE);
  else process.env[VARIABLE] = before;
});

/** Registers with a value of the variable; returns the options. */
function registered(value: string | undefined, register: (options: object) => unknown = () => undefined): object {
  if (value === undefined) Reflect.deleteProperty(process.env, VARIABLE);
  else process.env[VARIABLE] = value;
  const options: object[] = [];
  registerByEnvironment((given) => {
    options.push(given);
    register(given);
  });
  expect(options).toHaveLength(1);
  return options[0]!;
}

describe('the options in the environment', () => {
  it.each<readonly [value: string | undefined, options: unknown]>([
    [undefined, {}],
    ['', {}],
    ['{}', {}],
    ['{"connectTimeout":"Infinity","sort":"none"}', { connectTimeout: Infinity, sort: 'none' }],
    ['{"history":{"ignoreOneIn":"Infinity","maxEntries":5}}', { history: { ignoreOneIn: Infinity, maxEntries: 5 } }],
    ['7', 7],
    ['null', null],
  ])('are JSON, in which "Infinity" is the number: %s', (value, options) => {
    expect(registered(value)).toEqual(options);
  });

  it('are not read if they are not JSON, and the error names the variable', () => {
    const call = () => registered('{bad');
    expect(call).toThrow(SyntaxError);
    expect(call).toThrow(/^The environment variable RX_HAPPY_EYEBALLS is invalid: .*JSON/);
  });

  it('are checked, and the error is one line', () => {
    const error = Object.assign(new RangeError('too long'), { code: 'ERR_OUT_OF_RANGE' });
    const call = () =>
      registered('{}', () => {
        throw error;
      });
    expect(call).toThrow(error);
    const said = 'The environment variable RX_HAPPY_EYEBALLS is invalid: too long';
    expect(error).toMatchObject({ message: said, stack: `RangeError: ${said}`, code: 'ERR_OUT_OF_RANGE' });
  });
});
