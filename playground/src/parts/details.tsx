import type { RaceEvent } from '../../../src/core/race/events.js';
import { marbleDiagram } from '../../../src/pictures/marble-diagram.js';
import { programOf } from '../program.js';
import type { Simulation } from '../simulate.js';
import type { State } from '../state.js';
import { Copyable } from './copyable.js';
import { Events } from './events.js';

/** A race in words, as marbles, and as a program: what is below the picture. */
export function Details(props: {
  readonly events: readonly RaceEvent[];
  /** Those that have happened by the instant that is shown. */
  readonly shown: readonly RaceEvent[];
  /** Absent for a race that was opened: there is no program of it. */
  readonly simulated?: { readonly state: State; readonly simulation: Simulation } | undefined;
  readonly say: (message: string) => void;
}) {
  const { events, shown, simulated, say } = props;
  return (
    <>
      <section aria-labelledby="events-title">
        <h2 id="events-title">Events</h2>
        <Events events={shown} />
      </section>
      <Copyable id="marbles" title="Marbles" action="Copy the marbles" text={marbleDiagram(events)} say={say} />
      {simulated && (
        <Copyable
          id="program"
          title="As a spec"
          action="Copy as a spec"
          text={programOf(simulated.state, simulated.simulation)}
          say={say}
        />
      )}
    </>
  );
}
