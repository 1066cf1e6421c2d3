import { PRESETS } from '../presets.js';
import type { State } from '../state.js';
import { encodeState } from '../url.js';

const GROUPS = [...new Set(PRESETS.map(({ group }) => group))];
const TEXTS = PRESETS.map(({ state }) => encodeState(state));

/** Networks that are worth a look. */
export function Presets({ state, choose }: { readonly state: State; readonly choose: (state: State) => void }) {
  const current = TEXTS.indexOf(encodeState(state));
  return (
    <div class="field wide">
      <label for="preset">A network that is worth a look</label>
      <select
        id="preset"
        value={current}
        onChange={({ currentTarget }) => {
          const preset = PRESETS[Number(currentTarget.value)];
          if (preset) choose(preset.state);
        }}
      >
        <option value={-1}>another: the one set below</option>
        {GROUPS.map((group) => (
          <optgroup key={group} label={group}>
            {PRESETS.map(
              ({ name, group: own }, index) =>
                own === group && (
                  <option key={name} value={index}>
                    {name}
                  </option>
                ),
            )}
          </optgroup>
        ))}
      </select>
    </div>
  );
}
