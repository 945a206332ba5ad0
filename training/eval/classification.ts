/**
 * Which object a real render shows, by the model that draws, among more and more names; beside the judge,
 * who was trained for it.
 *
 * @module
 */
import { classify, type TextToImage, toTensor } from "@shum/pipelines";
import { CORE_OBJECTS } from "../data/core_objects.ts";
import { loadOtherDrawings } from "../data/other_objects.ts";
import { recordRandom } from "../data/random.ts";
import type { Judge } from "./judge.ts";
import { render, SIZE, spread } from "./renders.ts";

const SEED = 4200;

/** How often a picture was named right, among so many labels. */
export interface ClassificationRow {
  readonly labels: number;
  readonly pictures: number;
  readonly model: number;
  readonly judge: number;
  /** Mean evaluations of the network for one picture. */
  readonly evaluations: number;
}

/** Names of objects that are not drawn here but may be guessed: the long tail's. */
function otherNames(judge: Judge): readonly { readonly id: string; readonly name: string }[] {
  const known = new Set(CORE_OBJECTS.flatMap(({ english }) => english));
  const names = new Map<string, string>();
  for (const { object, english: [name] } of loadOtherDrawings()) {
    if (name && !known.has(name) && judge.objects.includes(object)) names.set(object, name);
  }
  return [...names].map(([id, name]) => ({ id, name }));
}

/**
 * Classifies renders among several numbers of labels: the true one, other core objects, and then others.
 *
 * @param counts How many labels.
 * @param renders How many pictures.
 * @param draws Noises per label.
 * @param onRender Called after each picture.
 */
export async function classification(
  pipeline: TextToImage,
  judge: Judge,
  { counts, renders, draws }: {
    readonly counts: readonly number[];
    readonly renders: number;
    readonly draws: number;
  },
  onRender: (done: number, rows: readonly ClassificationRow[]) => void,
): Promise<readonly ClassificationRow[]> {
  const core = CORE_OBJECTS.map(({ id, english }) => ({ id, name: english[0]! }));
  const drawn = spread(core, renders);
  const rows = counts.map((labels) => ({
    labels,
    pictures: 0,
    model: 0,
    judge: 0,
    evaluations: 0,
  }));
  const size = { width: SIZE, height: SIZE, guidanceScale: 1 };
  for (const [i, shown] of drawn.entries()) {
    const spec = { object: shown.id, color: null, eyes: null, background: "white" } as const;
    const picture = await render(spec, SEED, i);
    const random = recordRandom(SEED + 1, i);
    const shuffled = <T>(list: readonly T[]) =>
      list.map((item) => [random.next(), item] as const).sort(([a], [b]) => a - b)
        .map(([, item]) => item);
    const others = [
      ...shuffled(core.filter(({ id }) => id !== shown.id)),
      ...shuffled(otherNames(judge)),
    ];
    for (const row of rows) {
      const labels = [shown, ...others.slice(0, row.labels - 1)];
      await using model = await pipeline.open({ prompt: labels.map(({ name }) => name) }, size);
      const x0 = await model.fromPixels(toTensor(picture));
      const { labels: [best], evaluations } = await classify(model, x0, { draws, seed: i });
      const [seen] = await judge.look([picture], labels.map(({ id }) => id));
      row.pictures++;
      row.model += best!.index === 0 ? 1 : 0;
      row.judge += seen!.labels.object === shown.id ? 1 : 0;
      row.evaluations += evaluations;
    }
    onRender(i + 1, rows);
  }
  return rows;
}
