// What a page has of the package: see core.browser.spec.ts.
import { from, type ObservableInput } from 'rxjs';
import * as core from '../../src/portable/index.js';

Object.assign(globalThis, { core, stream: <T>(input: ObservableInput<T>) => from(input) });
