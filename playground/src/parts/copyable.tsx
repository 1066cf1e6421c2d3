import { useState } from 'preact/hooks';

/** Text that can be copied. */
export function Copyable(props: {
  readonly id: string;
  readonly title: string;
  readonly action: string;
  readonly text: string;
  readonly say: (message: string) => void;
}) {
  const { id, title, action, text, say } = props;
  const [copied, setCopied] = useState<string>();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(text);
      say('Copied.');
    } catch {
      say('The browser does not let this page copy: select the text, and copy it by hand.');
    }
  };
  return (
    <section aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      <button type="button" id={`${id}-copy`} onClick={() => void copy()}>
        {copied === text ? 'Copied' : action}
      </button>
      <pre id={id} tabIndex={0} role="region" aria-label={`${title}: the text`}>
        {text}
      </pre>
    </section>
  );
}
