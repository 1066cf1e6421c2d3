import { PRESETS } from '../presets.js';
import type { State } from '../state.js';

const GROUPS = [...new Set(PRESETS.map(({ group }) => group))];

/** Networks that are worth a look. */
export function Presets({ choose }: { readonly choose: (state: State) => void }) {
  return (
    <div class="field wide">
      <label for="preset">Begin with</label>
      <select
        id="preset"
        value=""
        onChange={({ currentTarget }) => {
          const preset = PRESETS[Number(currentTarget.value)];
          if (currentTarget.value !== '' && preset) choose(preset.state);
        }}
      >
        <option value="">a network of your own</option>
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
