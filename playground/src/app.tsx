import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { printable } from '../../src/core/input/printable.js';
import { raceRows } from '../../src/pictures/race-rows.js';
import { verdict } from '../../src/pictures/verdict.js';
import { LESSON } from './lesson.js';
import type { OpenedRace } from './opened.js';
import { decodePage, encodePage, type PageState } from './page-state.js';
import { Controls } from './parts/controls.js';
import { Later } from './parts/later.js';
import { Lesson } from './parts/lesson.js';
import { Picture } from './parts/picture.js';
import { Player } from './parts/player.js';
import { PACKAGE } from './package.js';
import { simulate } from './simulate.js';

/** ms in which what is heard is not said again: a slider that is dragged says much. */
const QUIET = 400;

export function App() {
  const [page, setPage] = usePage(() => setOpened(undefined));
  const [opened, setOpened] = useState<OpenedRace>();
  const [message, setMessage] = useState('');
  const { state, lesson } = page;

  const simulation = useMemo(() => simulate(state, PACKAGE), [state]);
  const events = opened?.events ?? simulation.events;
  const end = useMemo(() => Math.max(Math.ceil(raceRows(events).endedAt), opened ? 0 : simulation.finish, 1), [events]);
  const at = Math.min(page.at ?? end, end);
  const shown = useMemo(() => (at >= end ? events : events.filter((event) => event.at <= at)), [events, at, end]);
  const said = verdict(raceRows(shown, at)).text;
  const heard = useQuiet(message || said, QUIET);

  const change = (next: PageState['state']) => {
    setMessage('');
    setPage({ state: next, lesson });
  };
  return (
    <>
      <header>
        <h1>Happy Eyeballs, to play with</h1>
        <p>
          A name has several addresses, and some of them may be broken. This page races them as <code>rx-happy-eyeballs</code>{' '}
          does, in virtual time: no packet leaves your browser.
        </p>
      </header>
      <main id="main">
        <div class="intro">
          <Lesson
            step={lesson}
            go={(step) => {
              setOpened(undefined);
              setPage({ state: LESSON[step - 1]?.state ?? state, lesson: step });
            }}
          />
          <Later load={() => import('./parts/presets.js')}>
            {({ Presets }) => (
              <Presets
                state={state}
                choose={(next) => {
                  setOpened(undefined);
                  setPage({ state: next, lesson: 0 });
                }}
              />
            )}
          </Later>
        </div>
        <div class="race-now">
          <section id="race" aria-labelledby="race-title">
            <h2 id="race-title" tabIndex={-1}>
              {opened ? printable(opened.title) : 'The race'}
            </h2>
            <Picture events={events} at={at} end={end} />
            <Player at={at} end={end} seek={(instant) => setPage({ ...page, at: instant >= end ? undefined : instant })} />
            <p class="verdict">{said}</p>
            {!opened && at >= end && simulation.error && (
              <>
                <h3>The error, as a user sees it</h3>
                <pre class="error" tabIndex={0} role="region" aria-label="The error">
                  {`${simulation.error.name}: ${simulation.error.message}`}
                </pre>
              </>
            )}
          </section>
          {!opened && (
            <section id="others" aria-labelledby="others-title">
              <h2 id="others-title" tabIndex={-1}>
                What others would have done
              </h2>
              <Later load={() => import('./parts/others.js')}>
                {({ Others }) => <Others state={state} simulation={simulation} />}
              </Later>
            </section>
          )}
        </div>
        <div class="network">
          <Controls state={state} change={change} />
          <Later load={() => import('./parts/opener.js')}>
            {({ Opener }) => <Opener open={setOpened} opened={opened} say={setMessage} />}
          </Later>
        </div>
        <div class="rest">
          <Later load={() => import('./parts/details.js')}>
            {({ Details }) => (
              <Details events={events} shown={shown} simulated={opened ? undefined : { state, simulation }} say={setMessage} />
            )}
          </Later>
        </div>
      </main>
      <div class="dock">
        <p aria-hidden="true">{said}</p>
        <button type="button" onClick={() => document.getElementById('race-title')?.focus()}>
          To the race
        </button>
      </div>
      <p class="heard" role="status" aria-live="polite">
        {heard}
      </p>
    </>
  );
}

/**
 * The page as its address has it, and the address as the page has it.
 *
 * @param moved called when a link within the page, or the browser's history, has led to another state
 */
function usePage(moved: () => void): readonly [PageState, (page: PageState) => void] {
  const [page, setPage] = useState(() => decodePage(location.hash));
  const written = useRef('');
  useEffect(() => {
    const read = () => {
      const text = location.hash.slice(1);
      if (text === written.current) return;
      // A link to a part of the page is no state.
      if (document.getElementById(text)) {
        history.replaceState(null, '', `#${written.current}`);
        return;
      }
      moved();
      setPage(decodePage(text));
    };
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
  useEffect(() => {
    // Browsers refuse an address that changes too often.
    const timer = setTimeout(() => {
      written.current = encodePage(page);
      history.replaceState(null, '', `#${written.current}`);
    }, 100);
    return () => clearTimeout(timer);
  }, [page]);
  return [page, setPage];
}

/** A text once it has been the same for a while. */
function useQuiet(text: string, ms: number): string {
  const [quiet, setQuiet] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(text), ms);
    return () => clearTimeout(timer);
  }, [text, ms]);
  return quiet;
}
