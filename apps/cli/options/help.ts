import { flagOf, type Group, type Option, options } from "./options.ts";

const GROUPS: readonly Group[] = [
  "Prompt",
  "Model",
  "Picture",
  "Sampling",
  "Guidance",
  "Starting from a picture",
  "Output",
  "Watching",
  "Plan",
  "Bayes",
  "Lists",
  "Other",
];

const HEAD = `Shum makes pictures from words, with diffusion models in safetensors or ONNX.

  deno task gen --prompt "black cat with red eyes"
  deno task gen "a red apple" --seed 42 --steps 30 --batch-count 4 --grid
  deno task gen -p "a dog" --init-img cat.png --strength 0.6
  deno task gen --init-img grey.png --colorize
  deno task gen --from-image output-42.png --seed 43
  deno task gen plan --sampler "DPM++ 2M" --schedule karras --steps 20 --plot levels.png
  deno task gen inspect ./my-model
  deno task gen classify cat.png --labels "cat,dog,apple"
  deno task gen likelihood cat.png --prompt "a cat" --plot bound.png

The first word may be a command: plan (print the arithmetic of a sampler), inspect (describe a
model, or the metadata of a picture), classify (which of some labels a picture shows) or likelihood
(how likely a picture is to the model). Otherwise words without a flag are the prompt.`;

const FOOT = `Paths of what was made go to standard output, everything else to standard error.
Ctrl-C stops after the current step and leaves no partial file.
Returns 0 done, 1 failed, 2 wrong option, 3 model missing or not downloadable, 4 file cannot be read
or written, 70 a mistake of ours, 130 stopped by Ctrl-C. A hub token is read from HF_TOKEN, another
hub from HF_ENDPOINT.`;

/** Breaks a text into lines of at most `width` letters. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines;
}

const COLUMN = 34;

/** The text of `--help`, for a terminal of `width` columns. */
export function helpText(width: number): string {
  const total = Math.max(72, Math.min(width, 110));
  const parts = [HEAD];
  for (const group of GROUPS) {
    const lines: string[] = [group];
    for (const [key, option] of Object.entries(options) as [string, Option][]) {
      if (option.group !== group) continue;
      const value = option.value ?? option.choices?.join("|") ?? "";
      const shown = option.choices && value.length > 18 ? "name" : value;
      const left = `  ${option.short ? `-${option.short}, ` : "    "}--${flagOf(key)}${
        shown && ` <${shown}>`
      }`;
      const among = option.choices && shown !== value ? `: ${option.choices.join(", ")}` : "";
      const standard = option.standard === undefined ? "" : ` [${option.standard}]`;
      const text = wrap(option.help + among + standard, total - COLUMN);
      const first = left.length < COLUMN ? left.padEnd(COLUMN) + text.shift()! : left;
      lines.push(first, ...text.map((line) => " ".repeat(COLUMN) + line));
    }
    parts.push(lines.join("\n"));
  }
  return [...parts, FOOT].join("\n\n");
}
