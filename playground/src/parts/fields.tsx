import type { ComponentChildren } from 'preact';

/** A slider with its name before it and its value in words behind. */
export function Slider(props: {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly range: { readonly min: number; readonly max: number; readonly step: number };
  readonly unit?: string;
  /** What is said in place of the value. */
  readonly text?: string;
  readonly disabled?: boolean;
  readonly onInput: (value: number) => void;
}) {
  const { id, label, value, range, unit = 'ms', disabled = false, onInput } = props;
  const { text = `${value.toLocaleString('en')}${unit === '' ? '' : ` ${unit}`}` } = props;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        type="range"
        id={id}
        {...range}
        value={value}
        disabled={disabled}
        aria-valuetext={text}
        onInput={({ currentTarget }) => onInput(Number(currentTarget.value))}
      />
      <output for={id}>{text}</output>
    </div>
  );
}

/** A choice among words. */
export function Choice<T extends string>(props: {
  readonly id: string;
  readonly label: string;
  readonly value: T;
  readonly words: Readonly<Record<T, string>>;
  readonly onChange: (value: T) => void;
}) {
  const { id, label, value, words, onChange } = props;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value as T)}>
        {Object.entries<string>(words).map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Check(props: {
  readonly id: string;
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  const { id, label, checked, onChange } = props;
  return (
    <div class="field check">
      <input type="checkbox" id={id} checked={checked} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
      <label for={id}>{label}</label>
    </div>
  );
}

export function Group({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <fieldset>
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}
