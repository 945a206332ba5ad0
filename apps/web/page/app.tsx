/**
 * The page: a prompt, the picture as it forms, and those before it.
 *
 * @module
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Picture } from "@shum/pipelines";
import { pictureRecord, recordTexts } from "../../cli/metadata/metadata.ts";
import { Controls } from "./controls.tsx";
import { type Arrival, draw, type Model, openModel, type Settings } from "./drawing.ts";
import { History, type Made } from "./history.tsx";
import { serveOffline } from "./offline.ts";
import { paint, pngOf, readPicture } from "./pixels.ts";
import { Weights } from "./weights.tsx";

const SIZE = 256;
const EXAMPLES = ["black cat with red eyes", "чорний кіт з червоними очима", "a red apple"];
const FIRST: Settings = {
  prompt: EXAMPLES[0]!,
  seed: 1,
  steps: 20,
  guidanceScale: 4,
  sampler: "",
  schedule: "",
  strength: 0.6,
};

const LOADING = "The model is on its way.";

/** What the page is about. */
type State = "idle" | "waiting" | "drawing";

/** A picture to start from, and how the page shows it. */
interface Start {
  readonly picture: Picture;
  readonly url: string;
}

/** The whole page. */
export function App() {
  const [settings, setSettings] = useState(FIRST);
  const [state, setState] = useState<State>("idle");
  const [arrival, setArrival] = useState<Arrival>();
  const [status, setStatus] = useState(LOADING);
  const [error, setError] = useState("");
  const [progress, setProgress] = useState(0);
  const [made, setMade] = useState<readonly Made[]>([]);
  const [start, setStart] = useState<Start>();
  const [ready, setReady] = useState(false);
  const [shown, setShown] = useState("");
  const [over, setOver] = useState(false);
  const model = useRef<Promise<Model> | undefined>(undefined);
  const controller = useRef<AbortController | undefined>(undefined);
  const canvas = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    const model = load();
    model.catch(() => {}); // whoever draws is told
    globalThis.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") controller.current?.abort();
    });
    serveOffline(model).catch(() => {}); // it works without
  }, []);

  function load(): Promise<Model> {
    model.current ??= openModel(setArrival).then((opened) => {
      setReady(true);
      setStatus((status) => status === LOADING ? "Ready." : status);
      return opened;
    }, (reason) => {
      model.current = undefined;
      setError((reason as Error).message);
      throw reason;
    });
    return model.current;
  }

  async function run(): Promise<void> {
    if (state !== "idle") return;
    const { signal } = controller.current = new AbortController();
    const began = performance.now();
    setError("");
    setProgress(0);
    setState("waiting");
    try {
      const opened = await load();
      signal.throwIfAborted();
      setStatus("Drawing.");
      const image = await draw(opened, settings, start?.picture, signal, (step) => {
        setState("drawing");
        setProgress(step.done / step.total);
        paint(canvas.current!, step.picture);
      });
      paint(canvas.current!, image);
      setShown(settings.prompt);
      const seconds = (performance.now() - began) / 1000;
      const png = await pngOf(canvas.current!, recordTexts(recordOf(settings, start)));
      const url = URL.createObjectURL(png);
      setMade((all) => [{ url, settings, seconds, fromPicture: start !== undefined }, ...all]);
      setStatus(`Drawn in ${seconds.toFixed(1)} s.`);
    } catch (reason) {
      if (signal.aborted) setStatus("Cancelled.");
      else setError((reason as Error).message);
    }
    setState("idle");
  }

  async function startFrom(file: Blob | undefined): Promise<void> {
    setOver(false);
    if (!file) return;
    try {
      const picture = await readPicture(file, SIZE);
      setStart({ picture, url: URL.createObjectURL(file) });
      setError("");
    } catch (reason) {
      setError((reason as Error).message);
    }
  }

  async function show({ url, settings }: Made): Promise<void> {
    setSettings(settings);
    setShown(settings.prompt);
    const bitmap = await createImageBitmap(await (await fetch(url)).blob());
    canvas.current!.getContext("2d")!.drawImage(bitmap, 0, 0);
  }

  const busy = state !== "idle";
  return (
    <>
      <header>
        <h1>Shum</h1>
        <p>Pictures from words, drawn in this page. Nothing you write leaves it.</p>
      </header>
      <main>
        <section
          class={over ? "stage over" : "stage"}
          aria-label="Picture"
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            startFrom(event.dataTransfer?.files[0]);
          }}
        >
          <canvas
            ref={canvas}
            width={SIZE}
            height={SIZE}
            role="img"
            aria-label={shown === "" ? "No picture yet" : `Picture of: ${shown}`}
          />
          {made.length === 0 && !busy && <p class="hint">Press Draw, or drop a picture here</p>}
          <progress
            class={busy ? "" : "hidden"}
            aria-label="Steps drawn"
            value={state === "waiting" ? undefined : progress}
          />
        </section>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            run();
          }}
        >
          <label for="prompt">What to draw</label>
          <textarea
            id="prompt"
            rows={2}
            required
            value={settings.prompt}
            onInput={({ currentTarget: { value } }) => setSettings({ ...settings, prompt: value })}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
              event.preventDefault();
              run();
            }}
          />
          <p class="examples">
            {EXAMPLES.map((prompt) => (
              <button
                type="button"
                lang={/[а-яіїєґ]/i.test(prompt) ? "uk" : "en"}
                onClick={() => setSettings({ ...settings, prompt })}
              >
                {prompt}
              </button>
            ))}
          </p>
          <p class="actions">
            <button class="main" type="submit" disabled={busy}>Draw</button>
            <button type="button" disabled={!busy} onClick={() => controller.current?.abort()}>
              Cancel
            </button>
            <span role="status">{status}</span>
          </p>
          {error !== "" && <p role="alert">{error}</p>}
          <Controls
            settings={settings}
            onChange={setSettings}
            start={start?.url}
            onStart={startFrom}
            onForget={() => setStart(undefined)}
          />
          <Weights arrival={arrival} ready={ready} />
        </form>
      </main>
      <History made={made} onShow={show} />
    </>
  );
}

/** What a PNG says of itself, which `deno task gen --from-image` reads. */
function recordOf(settings: Settings, start: Start | undefined) {
  const { guidanceScale, sampler, schedule, strength, ...rest } = settings;
  return pictureRecord({
    settings: {
      ...rest,
      cfgScale: guidanceScale,
      width: SIZE,
      height: SIZE,
      ...sampler !== "" && { sampler },
      ...schedule !== "" && { schedule },
      ...start && { strength },
    },
    model: { name: "shum-emoji-256", pipeline: "StableDiffusionPipeline" },
    sampler: {
      name: sampler === "" ? "DPM++ 2M" : sampler,
      ...schedule !== "" && { schedule },
    },
  });
}
