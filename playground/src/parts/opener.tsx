import { useEffect, useState } from 'preact/hooks';
import { LARGEST_FILE, readRaces, type OpenedRace } from '../opened.js';

/** Takes a file of races, by a button or dropped anywhere on the page. It is read here, and goes nowhere. */
export function Opener(props: {
  readonly opened: OpenedRace | undefined;
  readonly open: (race: OpenedRace | undefined) => void;
  readonly say: (message: string) => void;
}) {
  const { opened, open, say } = props;
  const [races, setRaces] = useState<readonly OpenedRace[]>([]);
  const [wrong, setWrong] = useState('');

  const read = async (file: File) => {
    try {
      if (file.size > LARGEST_FILE) throw new Error('This file is too large: over 10 MB.');
      const found = readRaces(await file.text());
      setRaces(found);
      setWrong('');
      open(found[0]);
      say(`${found.length} ${found.length === 1 ? 'race' : 'races'} opened.`);
    } catch (error) {
      setWrong((error as Error).message);
    }
  };

  useEffect(() => {
    const over = (event: DragEvent) => event.preventDefault();
    const drop = (event: DragEvent) => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (file) void read(file);
    };
    addEventListener('dragover', over);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('drop', drop);
    };
  }, []);

  return (
    <fieldset>
      <legend>A race of your own</legend>
      <p>
        <code>npx rx-happy-eyeballs connect example.com 443 --json &gt; race.json</code> writes one. Choose the file, or drop it
        on this page. It is not uploaded.
      </p>
      <div class="field wide">
        <label for="file">Open my race</label>
        <input
          type="file"
          id="file"
          accept=".json,application/json"
          onChange={({ currentTarget }) => {
            const file = currentTarget.files?.[0];
            if (file) void read(file);
            currentTarget.value = '';
          }}
        />
      </div>
      {wrong !== '' && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
      {opened && races.length > 1 && (
        <div class="field wide">
          <label for="which">Which race</label>
          <select
            id="which"
            value={races.indexOf(opened)}
            onChange={({ currentTarget }) => open(races[Number(currentTarget.value)])}
          >
            {races.map(({ title }, index) => (
              <option key={title} value={index}>
                {title}
              </option>
            ))}
          </select>
        </div>
      )}
      {opened && (
        <button type="button" id="close-race" onClick={() => open(undefined)}>
          Back to the network above
        </button>
      )}
    </fieldset>
  );
}
