/**
 * The pictures that were drawn since the page was opened.
 *
 * @module
 */
import type { Settings } from "./drawing.ts";

/** A picture that was drawn. */
export interface Made {
  /** Of its PNG, which holds the settings. */
  readonly url: string;
  readonly settings: Settings;
  readonly seconds: number;
  readonly fromPicture: boolean;
}

interface HistoryProps {
  readonly made: readonly Made[];
  readonly onShow: (made: Made) => void;
}

/** The newest first; each gives its settings back, and its file. */
export function History({ made, onShow }: HistoryProps) {
  if (made.length === 0) return null;
  return (
    <section class="history" aria-labelledby="history">
      <h2 id="history">Drawn</h2>
      <ol>
        {made.map((one) => {
          const { prompt, seed, steps, guidanceScale, sampler, schedule, strength } = one.settings;
          const words = [
            `seed ${seed}`,
            `${steps} steps`,
            `guidance ${guidanceScale}`,
            sampler,
            schedule,
            one.fromPicture ? `strength ${strength}` : "",
            `${one.seconds.toFixed(1)} s`,
          ].filter((word) => word !== "").join(", ");
          const name = prompt.replaceAll(/[^\p{L}\p{N}]+/gu, "-").slice(0, 40);
          return (
            <li key={one.url}>
              <button type="button" title="Show it with its settings" onClick={() => onShow(one)}>
                <img src={one.url} alt={prompt} width={128} height={128} />
              </button>
              <p>{prompt}</p>
              <p class="small">{words}</p>
              <a href={one.url} download={`${name}-${seed}.png`}>PNG with settings</a>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
