import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** A part of the page that has a file of its own, which is loaded once the rest is there. */
export function Later<T>(props: { readonly load: () => Promise<T>; readonly children: (part: T) => ComponentChildren }) {
  const { load, children } = props;
  const [part, setPart] = useState<T>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    load().then(
      (loaded) => setPart(() => loaded),
      () => setFailed(true),
    );
  }, []);
  if (failed) return <p class="wrong">This part of the page could not be loaded. Load the page again.</p>;
  return part === undefined ? <p class="loading">Loading …</p> : <>{children(part)}</>;
}
