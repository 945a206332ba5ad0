/**
 * The settings of a picture.
 *
 * @module
 */
import { samplerNames, scheduleNames } from "@shum/schedulers";
import type { Settings } from "./drawing.ts";

interface ControlsProps {
  readonly settings: Settings;
  readonly onChange: (settings: Settings) => void;
  /** The picture to start from. */
  readonly start: string | undefined;
  readonly onStart: (file: Blob | undefined) => void;
  readonly onForget: () => void;
}

/** Seed, steps, guidance, sampler, schedule, and the picture to start from. */
export function Controls({ settings, onChange, start, onStart, onForget }: ControlsProps) {
  const number = (key: "seed" | "steps" | "guidanceScale" | "strength") => ({
    id: key,
    type: "number" as const,
    required: true,
    value: settings[key],
    onInput: ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) => {
      const { value, valueAsNumber } = currentTarget;
      if (value !== "") onChange({ ...settings, [key]: valueAsNumber });
    },
  });
  const choice = (
    key: "sampler" | "schedule",
    own: string,
    entries: readonly { readonly name: string; readonly description: string }[],
  ) => (
    <select
      id={key}
      value={settings[key]}
      onChange={({ currentTarget: { value } }) => onChange({ ...settings, [key]: value })}
    >
      <option value="">{own}</option>
      {entries.map(({ name, description }) => (
        <option value={name} title={description}>{name}</option>
      ))}
    </select>
  );
  return (
    <fieldset>
      <legend>Settings</legend>
      <div>
        <label for="seed">Seed</label>
        <span class="pair">
          <input {...number("seed")} min={0} max={4294967295} step={1} />
          <button
            type="button"
            aria-label="Another seed"
            title="Another seed"
            onClick={() => onChange({ ...settings, seed: Math.floor(Math.random() * 1e6) })}
          >
            ↻
          </button>
        </span>
      </div>
      <div>
        <label for="steps">Steps</label>
        <input {...number("steps")} min={1} max={150} step={1} />
      </div>
      <div>
        <label for="guidanceScale">Guidance</label>
        <input {...number("guidanceScale")} min={0} max={30} step="any" />
      </div>
      <div>
        <label for="sampler">Sampler</label>
        {choice("sampler", "default", samplerNames())}
      </div>
      <div>
        <label for="schedule">Schedule</label>
        {choice("schedule", "default", scheduleNames())}
      </div>
      <div>
        <label for="strength">Strength</label>
        <input {...number("strength")} min={0.05} max={1} step={0.05} disabled={!start} />
      </div>
      <div class="wide">
        <label for="start">Start from a picture</label>
        <input
          id="start"
          type="file"
          accept="image/*"
          onChange={({ currentTarget }) => onStart(currentTarget.files?.[0])}
        />
        {start && (
          <span class="start">
            <img src={start} alt="The picture to start from" width={48} height={48} />
            <button type="button" onClick={onForget}>Start from noise</button>
          </span>
        )}
      </div>
    </fieldset>
  );
}
