/**
 * A test runner for Stryker that is quick enough for thousands of mutants.
 *
 *     Stryker's own runner    starts Jest for every mutant, which loads itself and every spec file anew: seconds
 *     this one                keeps Jest's test framework, `expect` and mocks, loads the spec files that cover a mutant, one by
 *                             one, and stops at the first test that fails: milliseconds
 *
 * The modules of the package and of its specs are loaded anew for each spec file, as Jest does. What needs more of Jest than that
 * (fake timers, modules that are mocked) cannot run here: such tests count as skipped.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';
import { Script } from 'node:vm';
import { basename, dirname, join, relative, sep } from 'node:path';
import { isInSample, keyOf } from './sample.mjs';

const require = createRequire(import.meta.url);
const circus = require('jest-circus');
const ts = require('typescript');
const { expect } = require('expect');
const { ModuleMocker } = require('jest-mock');

/** In ms: a test that takes less waits for nothing. */
const QUICK = 5;

/** Of all tests, those that may fail without a change. */
const MOST_FAILED = 0.02;

/** In ms, and more than Jest has: the machine may be busy. */
const TEST_TIMEOUT = 15_000;

const STATUS = { success: 0, failed: 1, skipped: 2 };
const COMPILER = { target: 'ES2022', module: 'CommonJS', isolatedModules: true, esModuleInterop: true, inlineSourceMap: false };

/** Where Stryker has put its copy of the project: in this folder a runner works, once it is asked to. */
let root;
const isOwn = (file) => file.startsWith(root + sep) && !file.includes(`${sep}node_modules${sep}`);

class Unsupported extends Error {}

/** Loads the copy's TypeScript. What has been compiled is kept, in a folder of the copy for other workers too. */
function loadTypeScript() {
  const compiled = new Map();
  const folder = join(root, '.compiled');
  mkdirSync(folder, { recursive: true });
  const compile = (file) => {
    const kept = join(folder, `${relative(root, file).replaceAll(sep, '__')}.js`);
    if (existsSync(kept)) return readFileSync(kept, 'utf8');
    const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions: COMPILER, fileName: file });
    writeFileSync(kept, outputText);
    return outputText;
  };
  Module._extensions['.ts'] = (module, file) => {
    // Compiled once for all mutants: functions keep their code when a module is loaded anew.
    if (!compiled.has(file)) compiled.set(file, new Script(Module.wrap(compile(file)), { filename: file }));
    const load = compiled.get(file).runInThisContext();
    load.call(module.exports, module.exports, requireOf(module, file), module, file, dirname(file));
  };
  const resolve = Module._resolveFilename;
  const resolved = new Map();
  const sourceOf = (request, folder) => {
    const file = join(folder, request.replace(/\.js$/, '.ts'));
    return existsSync(file) ? file : undefined;
  };
  Module._resolveFilename = function (request, parent, ...others) {
    if (request === 'rx-happy-eyeballs') return join(root, 'src', 'index.ts');
    if (request.startsWith('.') && request.endsWith('.js') && parent && isOwn(parent.filename)) {
      const folder = dirname(parent.filename);
      const key = `${folder} ${request}`;
      if (!resolved.has(key)) resolved.set(key, sourceOf(request, folder));
      if (resolved.get(key)) return resolved.get(key);
    }
    return resolve.call(this, request, parent, ...others);
  };
}

/** What a module has for `require`. */
function requireOf(module, file) {
  const own = (request) => module.require(request);
  const resolve = (request) => createRequire(file).resolve(request);
  return Object.assign(own, { resolve, cache: require.cache, main: require.main });
}

function forgetModules() {
  for (const file of Object.keys(require.cache)) if (isOwn(file)) delete require.cache[file];
}

/** What specs use of Jest. */
function installGlobals() {
  const { describe, it, test, beforeAll, beforeEach, afterAll, afterEach } = circus;
  Object.assign(globalThis, { describe, it, test, beforeAll, beforeEach, afterAll, afterEach, expect });
  Object.assign(globalThis, { fit: it.only, xit: it.skip, fdescribe: describe.only, xdescribe: describe.skip });
  const mocker = new ModuleMocker(globalThis);
  const jest = {
    fn: mocker.fn.bind(mocker),
    spyOn: mocker.spyOn.bind(mocker),
    mocked: (value) => value,
    restoreAllMocks: () => mocker.restoreAllMocks(),
    setTimeout: (timeout) => {
      circus.getState().testTimeout = timeout;
    },
  };
  globalThis.jest = new Proxy(jest, {
    get: (own, name) => {
      if (name in own) return own[name];
      throw new Unsupported(`jest.${String(name)}`);
    },
  });
  return mocker;
}

const nameOf = (test) => {
  const names = [];
  for (let block = test; block.parent; block = block.parent) names.unshift(block.name);
  return names.join(' ');
};

const errorOf = (given) => {
  const [error, asyncError] = Array.isArray(given) ? given : [given];
  return error ?? asyncError;
};

/** File and mutant as the results have them: in the project, and counted from 1. */
function asReported({ fileName, location, ...mutant }) {
  const counted = ({ line, column }) => ({ line: line + 1, column: column + 1 });
  const file = fileName.slice(fileName.lastIndexOf(`${sep}src${sep}`) + 1).replaceAll(sep, '/');
  return [file, { ...mutant, location: { start: counted(location.start), end: counted(location.end) } }];
}

const whatFailed = ({ id, failureMessage }) => `${id}: ${failureMessage}`;

class Runner {
  #context = (globalThis.__stryker__ ??= {});
  #files = [];
  #mocker;
  #stray = [];

  constructor({ specs, sample, only }) {
    this.specs = specs;
    const chosen = only && new Set(only);
    this.isWanted = (key) => (chosen ? chosen.has(key) : isInSample(key, sample));
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    root = process.cwd();
    loadTypeScript();
    this.#mocker = installGlobals();
    // Enough to notice a mutant, over all of them.
    require('fast-check').configureGlobal({ numRuns: 25 });
    const stray = (error) => this.#stray.push(error);
    process.on('uncaughtException', stray);
    process.on('unhandledRejection', stray);
    this.#files = this.specs.map((file) => join(root, file));
  }

  async dryRun() {
    this.#context.activeMutant = undefined;
    this.#context.mutantCoverage = { static: {}, perTest: {} };
    const tests = [];
    for (const file of this.#files) tests.push(...(await this.#run(file, undefined, false)));
    // A test that fails without a change, as where the machine is busy, says nothing of a mutant: it is left out.
    const failed = tests.filter(({ status }) => status === STATUS.failed);
    if (failed.length > MOST_FAILED * tests.length) return { status: 'error', errorMessage: failed.map(whatFailed).join('\n') };
    for (const test of failed) test.status = STATUS.skipped;
    const { mutantCoverage } = this.#context;
    this.#context.mutantCoverage = undefined;
    for (const { id, status } of tests) if (status === STATUS.skipped) delete mutantCoverage.perTest[id];
    return { status: 'complete', tests, mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }) {
    if (!this.isWanted(keyOf(...asReported(activeMutant)))) return { status: 'error', errorMessage: 'not tried' };
    Object.assign(this.#context, { activeMutant: activeMutant.id, hitLimit, hitCount: hitLimit === undefined ? undefined : 0 });
    const wanted = testFilter && new Set(testFilter);
    const files = this.#files.filter(
      (file) => !testFilter || testFilter.some((id) => id.startsWith(`${relative(root, file)} › `)),
    );
    let count = 0;
    for (const file of files) {
      const tests = await this.#run(file, wanted, true);
      if (this.#context.hitCount > hitLimit) return { status: 'timeout', reason: `hit ${hitLimit} times` };
      count += tests.filter(({ status }) => status !== STATUS.skipped).length;
      const failed = tests.find(({ status }) => status === STATUS.failed);
      if (failed && (failed.timeSpentMs < QUICK || (await this.#failsAgain(file, failed, hitLimit))))
        return { status: 'killed', killedBy: [failed.id], failureMessage: failed.failureMessage, nrOfTests: count };
    }
    return { status: 'survived', nrOfTests: count };
  }

  /** A test of real time may fail by itself where the machine is busy: it must fail twice. */
  async #failsAgain(file, { id }, hitLimit) {
    if (hitLimit !== undefined) this.#context.hitCount = 0;
    const tests = await this.#run(file, new Set([id]), true);
    return tests.some(({ status }) => status === STATUS.failed);
  }

  /** Runs tests of one spec file. */
  async #run(file, wanted, bail) {
    const own = relative(root, file);
    const results = [{ id: `${own} › `, name: own, timeSpentMs: 0, fileName: own, status: STATUS.success }];
    let hasFailed = false;
    const idOf = (test) => `${own} › ${nameOf(test)}`;
    // What runs while tests are described, or before all of them, is covered by all tests of the file.
    const forAll = `${own} › `;
    const handle = async (event) => {
      // As Jest does it: what goes wrong without anyone to hear of it does so in the turn of its test.
      if (event.name === 'test_fn_success' || event.name === 'test_fn_failure') await turn();
      if (event.name === 'start_describe_definition') this.#context.currentTestId = forAll;
      if (event.name === 'finish_describe_definition') this.#context.currentTestId = undefined;
      if (event.name === 'hook_start' && event.hook.type.endsWith('All')) this.#context.currentTestId = forAll;
      if (event.name === 'test_start') {
        if (hasFailed && bail) event.test.mode = 'skip';
        this.#context.currentTestId = idOf(event.test);
      }
      if (event.name === 'test_skip') results.push({ ...this.#resultOf(event.test, idOf, own), status: STATUS.skipped });
      if (event.name === 'test_done') {
        this.#context.currentTestId = undefined;
        const stray = this.#stray.splice(0);
        const errors = [...event.test.errors.map(errorOf), ...stray];
        const result = this.#resultOf(event.test, idOf, own);
        if (errors.length === 0) results.push({ ...result, status: STATUS.success });
        else if (errors.some((error) => error instanceof Unsupported)) results.push({ ...result, status: STATUS.skipped });
        else {
          hasFailed = true;
          results.push({ ...result, status: STATUS.failed, failureMessage: String(errors[0]?.stack ?? errors[0]) });
        }
      }
    };
    circus.resetState();
    circus.getState().testTimeout = TEST_TIMEOUT;
    circus.addEventHandler(handle);
    try {
      forgetModules();
      this.#stray.length = 0;
      require(file);
      if (wanted && !wanted.has(forAll)) skipOthers(circus.getState().rootDescribeBlock, (test) => wanted.has(idOf(test)));
      await circus.run();
    } catch (error) {
      // A spec file that needs more than there is here has no tests; one that a mutant keeps from being loaded has killed it.
      if (!(error instanceof Unsupported))
        results.push({
          id: `${own} › `,
          name: basename(file),
          timeSpentMs: 0,
          status: STATUS.failed,
          failureMessage: String(error.stack),
        });
    } finally {
      circus.removeEventHandler(handle);
      this.#context.currentTestId = undefined;
      this.#mocker.restoreAllMocks();
    }
    return results;
  }

  #resultOf(test, idOf, fileName) {
    return { id: idOf(test), name: nameOf(test), timeSpentMs: test.duration ?? 0, fileName };
  }
}

function skipOthers(block, isWanted) {
  for (const child of block.children) {
    if (child.type === 'describeBlock') skipOthers(child, isWanted);
    else if (!isWanted(child)) child.mode = 'skip';
  }
}

function createRunner(options) {
  return new Runner(options);
}
createRunner.inject = ['options'];

export const strykerPlugins = [{ kind: 'TestRunner', name: 'specs', factory: createRunner }];
