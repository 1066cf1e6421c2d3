// What a page has of the package: see core.browser.spec.ts.
import { defer } from 'rxjs';
import * as core from '../../src/portable/index.js';

Object.assign(globalThis, { core, stream: (value: Promise<unknown>) => defer(() => value) });
