import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { RaceEvent } from '../../../src/core/race/events.js';
import { raceRows } from '../../../src/pictures/race-rows.js';
import { drawWaterfall } from '../../../src/pictures/waterfall.js';

/** The least width that a picture can be drawn in, in px. */
const NARROWEST = 240;

/** The waterfall of what had happened by an instant, with room for what is to come. */
export function Picture({
  events,
  at,
  end,
}: {
  readonly events: readonly RaceEvent[];
  readonly at: number;
  readonly end: number;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(880);
  useLayoutEffect(() => {
    const measure = () => {
      const { clientWidth } = frame.current!;
      if (clientWidth > 0) setWidth(Math.max(NARROWEST, Math.min(clientWidth, 1200)));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);

  const isOver = at >= end;
  const drawn = useMemo(() => {
    const rows = raceRows(isOver ? events : events.filter((event) => event.at <= at), at);
    return drawWaterfall(rows, width, { axisEnd: end, styled: false, ...(!isOver && { now: at }) });
  }, [events, at, end, width]);
  // The picture of the whole race, so that the page does not jump while it is played.
  const height = useMemo(
    () => Number(/height="([\d.]+)"/.exec(drawWaterfall(raceRows(events), width))?.[1] ?? 0),
    [events, width],
  );
  return <div class="picture" ref={frame} style={{ minHeight: `${height}px` }} dangerouslySetInnerHTML={{ __html: drawn }} />;
}
