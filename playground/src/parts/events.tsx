import { formatDuration } from '../../../src/core/format-duration.js';
import type { RaceEvent } from '../../../src/core/race/events.js';
import { plainText } from '../../../src/pictures/plain-text.js';
import { eventInWords } from '../event-words.js';

/** Events that are shown: a file of somebody's may have more. */
const MOST = 500;

/** What has happened, as a table. */
export function Events({ events }: { readonly events: readonly RaceEvent[] }) {
  return (
    <div class="scrolls" role="region" aria-labelledby="events-caption" tabIndex={0}>
      <table id="events">
        <caption id="events-caption">Events of the race, in order</caption>
        <thead>
          <tr>
            <th scope="col">after</th>
            <th scope="col">what</th>
            <th scope="col">of what</th>
            <th scope="col">more</th>
          </tr>
        </thead>
        <tbody>
          {events.slice(0, MOST).map((event, index) => {
            const [what, to, more] = eventInWords(event);
            return (
              <tr key={index} class={event.type}>
                <td>{formatDuration(event.at)}</td>
                <th scope="row">{what}</th>
                <td>{plainText(to)}</td>
                <td>{plainText(more)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
