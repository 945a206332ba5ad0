/** Runs cases one after another in a process that may be killed; tells the main one by lines of JSON. */
import { join } from "@std/path";
import { configs } from "./configs.ts";
import { hub } from "./hub.ts";
import { unclear } from "./judge.ts";
import { metadata } from "./metadata.ts";
import { onnx } from "./onnx.ts";
import { pictures } from "./pictures.ts";
import { Random } from "./random.ts";
import { watched } from "./watch.ts";

const KINDS = [pictures, metadata, configs, onnx, hub];

const [seed, from, to, root, only] = Deno.args as [string, string, string, string, string];
const kinds = KINDS.filter(({ name }) => only === "" || only.split(",").includes(name));
const sandbox = join(root, "a", "b", "sandbox");
const victim = join(root, "a", "b", "victim");

const encoder = new TextEncoder();
const tell = (value: unknown) => {
  const bytes = encoder.encode(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
};

let before = watched(root, sandbox);
for (let index = Number(from); index < Number(to); index++) {
  const random = new Random(Number(seed), index);
  const kind = kinds[index % kinds.length]!;
  const folder = join(sandbox, `${index}`);
  await Deno.mkdir(folder, { recursive: true });
  tell({ begin: index, kind: kind.name });
  const { what, reads } = await kind.make(random, { folder, victim });
  tell({ what });
  const errors = new Set<string>();
  for (const read of reads) {
    try {
      await read();
    } catch (error) {
      const wrong = unclear(error);
      if (wrong !== undefined) errors.add(wrong);
    }
  }
  const after = watched(root, sandbox);
  const foreign = after !== before;
  before = after;
  await Deno.remove(folder, { recursive: true });
  tell({ end: index, errors: [...errors], foreign });
}
