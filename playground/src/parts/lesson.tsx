import { LESSON } from '../lesson.js';

/** The lesson, a step at a time; closed at first. */
export function Lesson({ step, go }: { readonly step: number; readonly go: (step: number) => void }) {
  const current = LESSON[step - 1];
  if (!current) {
    return (
      <section class="lesson" aria-labelledby="lesson-title">
        <h2 id="lesson-title">New here?</h2>
        <p>A lesson in seven steps shows why connections race, and what others do instead. It takes five minutes.</p>
        <button type="button" id="begin" onClick={() => go(1)}>
          Begin the lesson
        </button>
      </section>
    );
  }
  return (
    <section class="lesson" aria-labelledby="lesson-title">
      <h2 id="lesson-title">
        Step {step} of {LESSON.length}: {current.title}
      </h2>
      {current.text.map((text) => (
        <p key={text}>{text}</p>
      ))}
      <p>
        <strong>Try it:</strong> {current.task}
      </p>
      <div class="buttons">
        <button type="button" onClick={() => go(step - 1)}>
          {step === 1 ? 'Leave the lesson' : 'Back'}
        </button>
        <button type="button" id="again" onClick={() => go(step)}>
          Start this step again
        </button>
        <button type="button" id="next" onClick={() => go(step === LESSON.length ? 0 : step + 1)}>
          {step === LESSON.length ? 'Finish' : 'Next step'}
        </button>
      </div>
    </section>
  );
}
