// What a page has of the playground: see agreement.browser.spec.ts.
import { PACKAGE } from '../../playground/src/package.js';
import { simulate } from '../../playground/src/simulate.js';
import { decodeState } from '../../playground/src/url.js';

Object.assign(globalThis, { simulated: (text: string) => simulate(decodeState(text), PACKAGE) });
