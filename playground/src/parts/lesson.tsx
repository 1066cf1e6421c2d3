import { useEffect, useRef } from 'preact/hooks';
import { LESSON } from '../lesson.js';
import { Later } from './later.js';

/** The lesson, a step at a time; closed at first, with all that it is about. */
export function Lesson({ step, go }: { readonly step: number; readonly go: (step: number) => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // Someone who moves on by keyboard, or hears the page, is led to the top of the step.
  const isMoving = useRef(false);
  useEffect(() => {
    if (isMoving.current) heading.current?.focus();
    isMoving.current = false;
  }, [step]);
  const move = (to: number) => {
    isMoving.current = true;
    go(to);
  };
  const current = LESSON[step - 1];
  return (
    <section class="lesson" aria-labelledby="lesson-title">
      <h2 id="lesson-title" tabIndex={-1} ref={heading}>
        {current ? `Step ${step} of ${LESSON.length}: ${current.title}` : 'New here?'}
      </h2>
      {current ? (
        <Later load={() => import('./step.js')}>{({ Step }) => <Step step={step} steps={LESSON.length} move={move} />}</Later>
      ) : (
        <>
          <p>A lesson in seven steps shows why connections race, and what others do instead. It takes five minutes.</p>
          <button type="button" id="begin" onClick={() => move(1)}>
            Begin the lesson
          </button>
          <p class="or">Or go straight to a question:</p>
          <ol>
            {LESSON.map(({ title }, index) => (
              <li key={title}>
                <a href={`#lesson=${index + 1}`} onClick={() => (isMoving.current = true)}>
                  {title}
                </a>
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}
