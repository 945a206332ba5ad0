// One network, one noise, three ways down: the reverse SDE (noise falls, fresh noise is added), the same with a
// corrector at each level, and the probability-flow ODE, which adds none and so maps each noise to one picture.
import { emojiModel, finish, output, psnr } from "./_example.ts";
import { Canvas, GREY } from "./_plot.ts";

const RUNS = [
  { method: "reverse-sde", steps: 50, seed: 1, title: "reverse SDE" },
  { method: "predictor-corrector", steps: 50, seed: 1, title: "predictor-|corrector" },
  { method: "ode", tolerance: 1e-2, seed: 1, title: "ODE" },
  { method: "ode", tolerance: 1e-3, seed: 1, title: "ODE, ten|times finer" },
] as const;
const PART = [0, 0.12, 0.3, 0.6], SIZE = 118;
const canvas = new Canvas(800, 4 * (SIZE + 10) + 52);
canvas.heading(24, 12, "From one noise: SDE, predictor-corrector, and the ODE");
const prompt = "yellow cat with blue eyes";

await using pipeline = await emojiModel();
const made = [];
for (const [row, run] of RUNS.entries()) {
  const top = 50 + row * (SIZE + 10), { title, seed, ...input } = run;
  const options = { seed, ..."steps" in run && { steps: run.steps } };
  const stream = pipeline.scoreBased.stream({ prompt, ...input }, options);
  let next = await stream.next(), calls = 0, shown = 0;
  for (; !next.done; next = await stream.next(), calls++) {
    const { index, total } = next.value;
    if (shown === PART.length || index < Math.floor(PART[shown]! * total)) continue;
    const [guess] = await next.value.decode();
    canvas.picture(guess!, 150 + (SIZE + 8) * shown++, top, SIZE);
  }
  canvas.picture(next.value[0]!, 150 + (SIZE + 8) * 4, top, SIZE, 0x26262e);
  title.split("|").forEach((line, k) => canvas.text(24, top + 30 + 20 * k, line));
  canvas.text(24, top + 72, `${calls} calls`, GREY);
  made.push(next.value[0]!);
}
const path = output("06_sde_pc_ode.png");
await canvas.save(path);
const [sde, corrected, ode, finer] = made;
const same = psnr(ode!, finer!), other = psnr(sde!, finer!);
finish(
  path,
  `Each row begins with the same noise; what the network believes the picture is, and (framed dark) the result.
The SDEs end in cats of their own. The ODE has one end for each noise, however fine its steps: the two are
${same.toFixed(1)} dB apart, where the SDE's cat is ${other.toFixed(1)} dB and the corrected one ${
    psnr(corrected!, finer!).toFixed(1)
  } dB away.`,
  "decibels by which ODE and finer ODE agree better than SDE and ODE",
  same - other,
  3,
);
