import { render } from 'preact';
import { waterfallRules } from '../../src/pictures/waterfall.js';
import { App } from './app.js';

// The picture's own rules, as a sheet: the page's policy forbids them within the picture.
const sheet = new CSSStyleSheet();
sheet.replaceSync(waterfallRules());
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

const root = document.getElementById('app')!;
root.textContent = '';
render(<App />, root);
