import { useEffect, useRef, useState } from 'preact/hooks';
import { formatDuration } from '../../../src/core/format-duration.js';

/** How much slower than life it is played. */
const SPEEDS = { s1: 'as fast as life', s4: '4 times slower', s10: '10 times slower' } as const;

/** The time of a race: played, paused and dragged. */
export function Player({ at, end, seek }: { readonly at: number; readonly end: number; readonly seek: (at: number) => void }) {
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<keyof typeof SPEEDS>('s4');
  const frame = useRef(0);
  const isOver = at >= end;

  useEffect(() => {
    if (!playing) return undefined;
    let now = at;
    let last = performance.now();
    frame.current = requestAnimationFrame(function step(time) {
      now = Math.min(now + Math.max(time - last, 0) / Number(speed.slice(1)), end);
      last = time;
      seek(Math.round(now));
      if (now < end) frame.current = requestAnimationFrame(step);
      else setPlaying(false);
    });
    return () => cancelAnimationFrame(frame.current);
    // `at` is read only when it begins to play, or goes on at another speed.
  }, [playing, speed, end]);

  // The effect is cleaned up only after the next frame, which would move on once more.
  const stop = () => {
    cancelAnimationFrame(frame.current);
    setPlaying(false);
  };
  const play = () => {
    if (isOver) seek(0);
    setPlaying(true);
  };
  return (
    <div class="player" role="group" aria-label="Time">
      <button type="button" id="play" onClick={playing ? stop : play}>
        {playing ? 'Pause' : isOver ? 'Play again' : 'Play'}
      </button>
      <label for="time">Time</label>
      <input
        type="range"
        id="time"
        min={0}
        max={end}
        step={1}
        value={at}
        aria-valuetext={formatDuration(at)}
        onInput={({ currentTarget }) => {
          stop();
          seek(Number(currentTarget.value));
        }}
      />
      <output for="time">{formatDuration(at)}</output>
      <label for="speed">Speed</label>
      <select id="speed" value={speed} onChange={({ currentTarget }) => setSpeed(currentTarget.value as keyof typeof SPEEDS)}>
        {Object.entries(SPEEDS).map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
