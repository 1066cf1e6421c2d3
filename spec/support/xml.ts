/** An element of a document, with what is in it in order. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (Element | string)[];
}

const TOKEN = /<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/y;
const REFERENCES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };
/** https://www.w3.org/TR/xml/#charsets, without what it discourages. */
const CHARACTERS = /^[\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\u{10000}-\u{10ffff}]*$/u;

/** Reads a document of elements and text alone, and throws where it is not well-formed XML. */
export function parseXml(text: string): Element {
  if (!CHARACTERS.test(text)) throw new Error('a character that XML does not allow');
  const root = { name: '', attributes: {}, children: [] as (Element | string)[] };
  const open = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const { lastIndex } = TOKEN;
    const token = TOKEN.exec(text);
    if (!token) throw new Error(`not well-formed at ${lastIndex}: ${text.slice(lastIndex, lastIndex + 60)}`);
    const [, closes, name, attributes, empty, content] = token;
    if (content !== undefined) open.at(-1)!.children.push(decode(content));
    else if (closes) {
      const element = open.pop()!;
      if (element.name !== name || open.length === 0) throw new Error(`</${name}> closes <${element.name}>`);
    } else {
      const pairs = [...attributes!.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, decode(value!)] as const);
      if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error(`<${name}> has an attribute twice`);
      const element = { name: name!, attributes: Object.fromEntries(pairs), children: [] };
      open.at(-1)!.children.push(element);
      if (!empty) open.push(element);
    }
  }
  const roots = root.children.filter((child) => typeof child !== 'string' || child.trim() !== '');
  if (open.length > 1 || roots.length !== 1 || typeof roots[0] === 'string') throw new Error('not one element that is closed');
  return roots[0]!;
}

function decode(text: string): string {
  return text.replace(/&[^;]{0,10};?/g, (reference) => {
    const character = REFERENCES[reference];
    if (character === undefined) throw new Error(`${reference} is not a reference`);
    return character;
  });
}

/** All elements of a name within another, in the order of the document. */
export function all(element: Element, name: string): Element[] {
  return element.children.flatMap((child) =>
    typeof child === 'string' ? [] : [...(child.name === name ? [child] : []), ...all(child, name)],
  );
}

/** The text in an element. */
export function textOf(element: Element): string {
  return element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
}
