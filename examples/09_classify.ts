// p(y | x) from p(x | y), by Bayes: the model that draws also names. The text with which it guesses best the noise
// in a picture is the likeliest; every text is tried on the same noises, so that little luck is left.
import { classify, toTensor } from "@shum/pipelines";
import { emojiModel, finish, output } from "./_example.ts";
import { Canvas, FAINT, GREEN, GREY, INK, ORANGE } from "./_plot.ts";

const LABELS = [
  "black cat with red eyes",
  "black cat with green eyes",
  "white cat with red eyes",
  "red apple",
  "green apple",
  "green frog",
  "yellow star",
  "brown dog",
];
const SHOWN = [0, 4, 5];
const canvas = new Canvas(800, 52 + 214 * SHOWN.length);
canvas.heading(24, 12, "How much worse each text explains the picture, ± standard error");

await using pipeline = await emojiModel();
await using model = await pipeline.open({ prompt: LABELS });
let right = 0;
for (const [row, truth] of SHOWN.entries()) {
  const top = 54 + 214 * row;
  const [picture] = await pipeline.generate({ prompt: LABELS[truth]! }, { seed: 11 });
  const x0 = await model.fromPixels(toTensor(picture!));
  const { labels, evaluations } = await classify(model, x0, { draws: 20, seed: row });
  canvas.picture(picture!, 24, top, 180);
  const most = Math.max(...labels.map(({ behind, standardError }) => behind + standardError));
  labels.forEach(({ index, behind, standardError, probability }, k) => {
    const y = top + 23 * k,
      scale = 290 / most,
      [from, to] = [-1, 1].map((s) => 410 + scale * Math.max(0, behind + s * standardError));
    canvas.text(400, y, LABELS[index]!, index === truth ? GREEN : INK, undefined, 1);
    canvas.rectangle(410, y + 3, Math.max(2, scale * behind), 12, k === 0 ? GREEN : ORANGE);
    if (standardError > 0) canvas.line(from!, y + 9, to!, y + 9, INK, 1.4);
    canvas.text(776, y, probability > 1e-3 ? probability.toFixed(3) : "0", GREY, undefined, 1);
  });
  canvas.line(410, top, 410, top + 182, FAINT, 1);
  const best = labels[0]!, next = labels[1]!;
  if (best.index === truth) right++;
  const distance = (next.behind / next.standardError).toFixed(1);
  console.log(
    `"${LABELS[best.index]}" with probability ${best.probability.toFixed(3)}; ` +
      `"${LABELS[next.index]}" is ${distance} standard errors behind; ${evaluations} evaluations`,
  );
}
const path = output("09_classify.png");
await canvas.save(path);
finish(
  path,
  `Each picture was drawn from the text in green. Bars: how much larger the error of the guessed noise is with
another text, on the same noises; right, p(y | x). A text that is far behind is given up early.`,
  "pictures named right, of 3",
  right,
  3,
);
