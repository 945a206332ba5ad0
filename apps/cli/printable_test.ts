/** What others wrote is shown, and a terminal does nothing that it says. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { models, withFolder } from "./_testing.ts";
import { exitCodes } from "./exit_codes.ts";
import { commandLine } from "./options/jobs.ts";
import { encodePng } from "./picture/png.ts";
import { printable, printableLine } from "./printable.ts";
import { Progress } from "./progress.ts";

const TITLE = "\x1b]0;evil\x07";
// deno-lint-ignore no-control-regex
const COMMANDS = /[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

Deno.test("printable() writes out what a terminal obeys, and leaves words and lines", () => {
  assertEquals(printable(`a${TITLE}\nb`), "a\\u001b]0;evil\\u0007\nb");
  assertEquals(printable("\r\x7f\x9b31m\u202egnp.exe"), "\\u000d\\u007f\\u009b31m\\u202egnp.exe");
  assertEquals(printable("日本 é 🐱 שלום"), "日本 é 🐱 שלום");
  const record = { name: `x${TITLE}\x9b`, text: "two\nlines" };
  assertEquals(JSON.parse(printable(JSON.stringify(record, null, 2))), record);
});

Deno.test("printableLine() is one line that somebody can read", () => {
  assertEquals(printableLine("a\nDone: b.png"), "a\\nDone: b.png");
  assert(printableLine("x".repeat(1e6)).length < 2100);
});

Deno.test("a bar keeps its own escapes and shows those of others", () => {
  const written: string[] = [];
  const screen = { terminal: true, columns: 80, write: (text: string) => void written.push(text) };
  const progress = new Progress(screen, () => 0);
  progress.start(`x${TITLE}\n`, 2);
  progress.note(`y${TITLE}`);
  const text = written.join("");
  assertStringIncludes(text, "\r\x1b[Kx\\u001b]0;evil\\u0007\\n ");
  assertStringIncludes(text, "\r\x1b[Ky\\u001b]0;evil\\u0007\n");
  assert(!text.includes("\x1b]"), text);
});

Deno.test("a command that is printed is one that a shell reads as it was", async () => {
  const prompt = `it's ${TITLE} \\ \x9b31m\n`;
  const line = commandLine({ prompt });
  assertEquals(printable(line), line);
  if (Deno.build.os === "windows") return;
  const word = line.slice(line.indexOf("$'"));
  const { stdout } = await new Deno.Command("bash", {
    args: ["-c", `LC_ALL=C.UTF-8; printf %s ${word}`],
  }).output();
  assertEquals(new TextDecoder().decode(stdout), prompt);
});

/** A copy of the unconditional fixture with other configurations. */
async function modelWith(path: string, index: object, scheduler: object): Promise<string> {
  for (const name of ["unet/config.json", "unet/model.onnx"]) {
    await Deno.mkdir(join(path, name, ".."), { recursive: true });
    await Deno.copyFile(join(models, "ddpm", name), join(path, name));
  }
  await Deno.mkdir(join(path, "scheduler"));
  const changed = async (name: string, changes: object) => {
    const config = JSON.parse(await Deno.readTextFile(join(models, "ddpm", name)));
    await Deno.writeTextFile(join(path, name), JSON.stringify({ ...config, ...changes }));
  };
  await changed("model_index.json", index);
  await changed("scheduler/scheduler_config.json", scheduler);
  return path;
}

Deno.test("no name, metadata, prompt or path reaches the terminal as a command", () =>
  withFolder(async ({ folder, run }) => {
    const black = { width: 8, height: 8, data: new Uint8Array(192) };
    const evil = `a${TITLE}\x9b31m\u202e`;
    const picture = async (name: string, texts: Record<string, string>) => {
      await Deno.writeFile(join(folder, name), encodePng(black, texts));
      return name;
    };
    const parameters = `cat \x9b31m\nSteps: 2, Sampler: DDIM, Seed: 1, Model: ${evil}`;
    const shum = JSON.stringify({
      schema: "shum.image/v1",
      settings: { prompt: "cat", steps: 2, initImg: evil },
      model: { name: `${evil}\nDone: fake.png` },
    });
    const sd = join(models, "sd");
    const sound = await modelWith(join(folder, evil), { [evil]: evil, note: `${evil}\nfake` }, {});
    const misnamed = await modelWith(join(folder, "a"), { _class_name: evil }, {});
    const unscheduled = await modelWith(join(folder, "b"), {}, { _class_name: evil });
    const unet = await modelWith(join(folder, "c"), { unet: ["diffusers", evil] }, {});
    const cached = join(folder, ".cache/models--evil--model/snapshots", "0".repeat(40));
    await modelWith(cached, { _class_name: `${evil}\nfake` }, {});
    const told = await picture("told.png", { parameters });
    const own = await picture("own.png", { shum });
    const key = await picture("key.png", { [`k\x9b31m`]: "x" });
    const [ok, refused] = [true, false];
    const cases: [args: string[], works: boolean][] = [
      [["inspect", sound], ok],
      [["inspect", sound, "--json"], ok],
      [["inspect", misnamed], ok],
      [["inspect", unscheduled], ok],
      [["inspect", told], ok],
      [["inspect", own], ok],
      [["inspect", own, "--json"], ok],
      [["inspect", key], refused],
      [["inspect", `${evil}.png`], refused],
      [["plan", "--model", sound, "--steps", "2"], ok],
      [["plan", "--model", unscheduled], refused],
      [["plan", evil], refused],
      [["--model", misnamed], refused],
      [["--model", unscheduled], refused],
      [["--model", unet], refused],
      [["--model", evil + evil], refused],
      [["--model", sound, "--steps", "2", "-v", "-s", "1", "-o", `x${evil}.png`], ok],
      [["--model", sd, "--from-image", told, "--dry-run"], ok],
      [["--model", sd, "--from-image", own, "--dry-run", "-v"], ok],
      [["--model", sd, "--from-image", own, "--sampler", evil], refused],
      [["--model", sd, evil], refused],
      [["--model", sd, "\x9b31m \u202e", "--dry-run"], ok],
      [["--model", sd, "a cat", "-i", `${evil}.png`], refused],
      [[`--${evil}`], refused],
      [["--device", evil], refused],
      [["--list-models"], ok],
      [["--list-models", "--json"], ok],
    ];
    for (const [args, works] of cases) {
      const result = await run(args);
      const shown = `${args.map(printable).join(" ")}\n${printable(result.out + result.err)}`;
      for (const text of [result.out, result.err]) {
        assert(!COMMANDS.test(text), shown);
        assert(!/^(fake|Done)/m.test(text), shown);
      }
      assertEquals(result.code === exitCodes.ok, works, shown);
      if (args.includes("--json")) JSON.parse(result.out);
    }
  }));
