import { stateWith } from './state.js';

/** What the page shows where its address says nothing. */
export const FIRST_STATE = stateWith({
  '2001:db8::1': { kind: 'silent' },
  '192.0.2.1': { kind: 'refuses', after: 1 },
  '192.0.2.2': { kind: 'connects', after: 1000 },
  '192.0.2.3': { kind: 'connects', after: 30 },
});
