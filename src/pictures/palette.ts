import type { Outcome } from './race-rows.js';

/** Colours that colour-blind readers can distinguish, with sufficient contrast (WCAG AA). */
export interface Palette {
  readonly background: string;
  readonly ink: string;
  /** Secondary text. */
  readonly faint: string;
  /** Dividing lines and backgrounds. */
  readonly line: string;
  readonly ground: string;
  readonly outcome: Readonly<Record<Outcome, string>>;
}

export const LIGHT: Palette = {
  background: '#ffffff',
  ink: '#1b1f24',
  faint: '#59636e',
  line: '#d8dee4',
  ground: '#f6f8fa',
  outcome: {
    found: '#0b62a8',
    nothing: '#7a5200',
    connected: '#00714f',
    failed: '#b63a00',
    blocked: '#b63a00',
    cancelled: '#66707b',
    open: '#6b46a8',
  },
};

export const DARK: Palette = {
  background: '#0f1318',
  ink: '#e8ecf1',
  faint: '#9da7b3',
  line: '#2c343d',
  ground: '#171c23',
  outcome: {
    found: '#6cb6ff',
    nothing: '#d9a63a',
    connected: '#35d39b',
    failed: '#ff9a66',
    blocked: '#ff9a66',
    cancelled: '#98a2ae',
    open: '#c3a6ff',
  },
};

/** CSS rules for a light page, and those that replace them on a dark one. Paper is light. */
export function inLightAndDark(rules: (palette: Palette) => string): string {
  return `${rules(LIGHT)} @media screen and (prefers-color-scheme: dark) { ${rules(DARK)} }`;
}

/** System fonts. */
export const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';
export const MONO = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';
