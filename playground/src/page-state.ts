import { FIRST_STATE } from './first-state.js';
import { LESSON } from './lesson.js';
import type { State } from './state.js';
import { decodeState, encodeState } from './url.js';

/** The page: a state, how far the reader is, and which instant is shown. */
export interface PageState {
  readonly state: State;
  /** Of the lesson, from 1 on; 0: it is not open. */
  readonly lesson: number;
  /** ms; absent: the end. */
  readonly at?: number;
}

/** The page as the part of an address behind its #. */
export function encodePage({ state, lesson, at }: PageState): string {
  return [encodeState(state), ...(lesson > 0 ? [`lesson=${lesson}`] : []), ...(at === undefined ? [] : [`t=${at}`])].join('&');
}

/** The page that an address stands for; without anything behind its #, the first preset. */
export function decodePage(text: string): PageState {
  const parameters = new URLSearchParams(text.replace(/^#/, ''));
  const step = Number(parameters.get('lesson') ?? 0);
  const lesson = Number.isInteger(step) && step >= 1 && step <= LESSON.length ? step : 0;
  const at = Number(parameters.get('t') ?? NaN);
  const isEmpty = !parameters.has('aaaa') && !parameters.has('a');
  return {
    state: isEmpty ? (LESSON[lesson - 1]?.state ?? FIRST_STATE) : decodeState(text),
    lesson,
    ...(at >= 0 && at <= 1e6 && { at: Math.round(at) }),
  };
}
