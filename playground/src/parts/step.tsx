import { TEXTS } from '../lesson-texts.js';

/** What a step of the lesson says, and the way on. */
export function Step(props: { readonly step: number; readonly steps: number; readonly move: (to: number) => void }) {
  const { step, steps, move } = props;
  const { text, task, controls } = TEXTS[step - 1]!;
  return (
    <>
      {text.map((text) => (
        <p key={text}>{text}</p>
      ))}
      <p>
        <strong>Try it:</strong> {task}
      </p>
      <div class="buttons quiet" role="group" aria-label="Go to">
        <span aria-hidden="true">Go to:</span>
        {controls.map(([name, id]) => (
          <button type="button" key={id} onClick={() => document.getElementById(id)?.focus()}>
            {name}
          </button>
        ))}
      </div>
      <div class="buttons">
        <button type="button" onClick={() => move(step - 1)}>
          {step === 1 ? 'Leave the lesson' : 'Back'}
        </button>
        <button type="button" id="again" onClick={() => move(step)}>
          Start this step again
        </button>
        <button type="button" id="next" onClick={() => move(step === steps ? 0 : step + 1)}>
          {step === steps ? 'Finish' : 'Next step'}
        </button>
      </div>
    </>
  );
}
