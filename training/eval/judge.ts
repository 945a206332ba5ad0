/**
 * The judge: a small classifier that saw other renders than the painter, as ONNX. It names object,
 * colour, eyes and background, and its features measure how alike pictures are.
 *
 * @module
 */
import { openSession, type Session } from "@shum/models";

/** What the judge names. */
export const ATTRIBUTES = ["object", "color", "eyes", "background"] as const;
/** One of them. */
export type Attribute = typeof ATTRIBUTES[number];

/** The judge's opinion of one picture. */
export interface Verdict {
  readonly labels: Readonly<Record<Attribute, string>>;
  readonly features: Float32Array;
}

/** RGB bytes, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

const SIZE = 256;
const BATCH = 16;

/** An opened judge; close it with `await using`. */
export class Judge implements AsyncDisposable {
  readonly #session: Session;
  readonly #labels: Readonly<Record<Attribute, readonly string[]>>;

  private constructor(session: Session, labels: Readonly<Record<Attribute, readonly string[]>>) {
    this.#session = session;
    this.#labels = labels;
  }

  /** Opens `model.onnx` and `labels.json` of a folder. */
  static async open(folder: string): Promise<Judge> {
    const text = await Deno.readTextFile(`${folder}/labels.json`).catch((error) => {
      throw new Error(
        `Cannot judge: ${folder} has no readable labels.json (${(error as Error).message}); ` +
          `expected the folder with the judge's model.onnx and labels.json`,
      );
    });
    return new Judge(
      await openSession(`${folder}/model.onnx`, { device: "cpu" }),
      JSON.parse(text),
    );
  }

  /** The objects it can name. */
  get objects(): readonly string[] {
    return this.#labels.object;
  }

  /** Looks at 256×256 RGB pictures, in order; it may be told which objects there are to choose from. */
  async look(pictures: readonly Pixels[], among?: readonly string[]): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    for (let from = 0; from < pictures.length; from += BATCH) {
      const part = pictures.slice(from, from + BATCH);
      const shape = [part.length, 3, SIZE, SIZE];
      const data = new Float32Array(part.length * 3 * SIZE * SIZE);
      part.forEach((picture, i) => planes(picture, data.subarray(i * 3 * SIZE * SIZE)));
      const out = await this.#session.run({ [this.#session.inputNames[0]!]: { data, shape } });
      const features = floats(out, "features");
      for (let i = 0; i < part.length; i++) {
        const labels = Object.fromEntries(ATTRIBUTES.map((attribute) => {
          const names = this.#labels[attribute];
          const logits = floats(out, attribute).subarray(i * names.length, (i + 1) * names.length);
          const open = attribute === "object" && among
            ? logits.map((logit, k) => among.includes(names[k]!) ? logit : -Infinity)
            : logits;
          return [attribute, names[open.indexOf(Math.max(...open))]!];
        })) as Record<Attribute, string>;
        const width = features.length / part.length;
        verdicts.push({ labels, features: features.slice(i * width, (i + 1) * width) });
      }
    }
    return verdicts;
  }

  /** Releases the network. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

function floats(outputs: Awaited<ReturnType<Session["run"]>>, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (!(data instanceof Float32Array)) {
    throw new TypeError(
      `Cannot judge: the model's outputs are ${
        Object.keys(outputs).join(", ")
      }; expected float32 ${name}`,
    );
  }
  return data;
}

/** Interleaved bytes to planes in [0, 1]. */
function planes({ width, height, data }: Pixels, out: Float32Array): void {
  if (width !== SIZE || height !== SIZE || data.length !== 3 * SIZE * SIZE) {
    throw new RangeError(
      `Cannot judge: the picture is ${width}×${height} with ${data.length} bytes; expected ${SIZE}×${SIZE} RGB`,
    );
  }
  const plane = SIZE * SIZE;
  for (let p = 0; p < plane; p++) {
    for (let c = 0; c < 3; c++) out[c * plane + p] = data[3 * p + c]! / 255;
  }
}
