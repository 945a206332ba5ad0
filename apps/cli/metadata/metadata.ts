/**
 * The settings of a picture as text in its file: the `parameters` that A1111 writes and many tools
 * read, and a JSON record of our own that has everything. Both are read back, as is InvokeAI's.
 *
 * @module
 */

import { type Given, type OptionKey, options } from "../options/options.ts";

/** The version of Shum, for the record. */
export const VERSION = "0.1.0";

/** The keyword of our own record. */
export const RECORD_KEYWORD = "shum";
const SCHEMA = "shum.image/v1";

/** Everything that makes a picture again. */
export interface PictureRecord {
  readonly schema: typeof SCHEMA;
  readonly version: string;
  /** The settings as options, each resolved: `seed` is that of this picture. */
  readonly settings: Given;
  readonly model: {
    /** The hub id or the folder's own name; never a path of the machine. */
    readonly name: string;
    readonly pipeline: string;
    /** The commit, of a hub model. */
    readonly commit?: string;
    /** First 10 digits of the sha256 of the denoiser's weights. */
    readonly hash?: string;
  };
  /** How A1111 names the sampler and the spacing of its noise levels. */
  readonly sampler: { readonly name: string; readonly schedule?: string };
  readonly device?: string;
}

/** Makes a record. */
export function pictureRecord(facts: Omit<PictureRecord, "schema" | "version">): PictureRecord {
  // In the order of the options, so that the same settings make the same file.
  const keys = (Object.keys(options) as OptionKey[]).filter((key) =>
    facts.settings[key] !== undefined
  );
  const settings = Object.fromEntries(keys.map((key) => [key, facts.settings[key]])) as Given;
  return { schema: SCHEMA, version: VERSION, ...facts, settings };
}

function quoted(value: string | number): string {
  const text = String(value);
  return /[,\n:]/.test(text) ? JSON.stringify(text) : text;
}

/** The text of A1111's `parameters`: prompt, negative prompt, and one line of settings in its order. */
export function infotext({ settings, model, sampler }: PictureRecord): string {
  const { width, height, initImg, clipSkip = 1 } = settings;
  const items: [string, string | number | undefined][] = [
    ["Steps", settings.steps],
    ["Sampler", sampler.name],
    ["Schedule type", sampler.schedule],
    ["CFG scale", settings.cfgScale],
    ["Seed", settings.seed],
    ["Size", width === undefined || height === undefined ? undefined : `${width}x${height}`],
    ["Model hash", model.hash],
    ["Model", model.name.split("/").at(-1)],
    ["Variation seed", settings.variationSeed],
    ["Variation seed strength", settings.variationStrength],
    ["Denoising strength", initImg === undefined ? undefined : settings.strength],
    ["Clip skip", clipSkip > 1 ? clipSkip : undefined],
    ["RNG", settings.rng === "nv" ? "NV" : settings.rng === "numpy" ? "numpy" : "CPU"],
    ["Eta", settings.eta],
    ["Mask blur", settings.mask === undefined ? undefined : settings.maskBlur],
    ["Guidance", settings.guidance === "cfg" ? undefined : settings.guidance],
    ["Guidance rescale", settings.guidanceRescale],
    ["Version", `Shum ${VERSION}`],
  ];
  const line = items.flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${quoted(value)}`]
  );
  const { prompt = "", negativePrompt = "" } = settings;
  const negative = negativePrompt === "" ? [] : [`Negative prompt: ${negativePrompt}`];
  return [prompt, ...negative, line.join(", ")].join("\n").trim();
}

/** The texts to write into a picture. */
export function recordTexts(record: PictureRecord): Record<string, string> {
  return { parameters: infotext(record), [RECORD_KEYWORD]: JSON.stringify(record) };
}

/** What a picture's texts say about how it was made. */
export interface ReadBack {
  readonly from: "Shum" | "A1111" | "InvokeAI";
  readonly given: Given;
  /** The model's name as the writer had it. */
  readonly model: string | undefined;
}

/** Reads the settings from the texts of a picture; undefined where nobody left any. */
export function readRecord(texts: Readonly<Record<string, string>>): ReadBack | undefined {
  const own = texts[RECORD_KEYWORD];
  if (own !== undefined) {
    const record = parseJson(own) as PictureRecord | undefined;
    const settings: unknown = record?.settings;
    if (record?.schema === SCHEMA && typeof settings === "object" && settings !== null) {
      const name: unknown = record.model?.name;
      return {
        from: "Shum",
        given: asOptions(settings),
        model: typeof name === "string" ? name : undefined,
      };
    }
  }
  if (texts.parameters !== undefined) {
    const read = readInfotext(texts.parameters);
    if (read !== undefined) return read;
  }
  const invoke = texts.invokeai_metadata;
  return invoke === undefined ? undefined : readInvoke(parseJson(invoke));
}

/** Settings of the kinds that options have; what else somebody wrote is text, and checked as such. */
function asOptions(settings: object): Given {
  const isPlain = (value: unknown) => ["string", "number", "boolean"].includes(typeof value);
  const plain = (value: unknown): unknown =>
    isPlain(value) || (Array.isArray(value) && value.every(isPlain))
      ? value
      : JSON.stringify(value);
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, plain(value)]),
  ) as Given;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Mutable = { -readonly [K in keyof Given]: Given[K] };

/**
 * The items of a line of settings, `key: value, key: "quoted, value"`: what A1111's reader accepts,
 * found in one pass, since a line may be of any length.
 */
function* infotextItems(line: string): Generator<readonly [key: string, value: string]> {
  const inKey = (letter: string) => /[\p{L}\p{N}_ \-/]/u.test(letter);
  for (let from = 0;;) {
    const colon = line.indexOf(":", from);
    if (colon < 0) return;
    let start = colon;
    while (start > from && inKey(line[start - 1]!)) start--;
    const key = line.slice(start, colon).replace(/^[ \-/]+/, "");
    from = colon + 1;
    if (!/^[\p{L}\p{N}_]./u.test(key)) continue;
    while (line[from] === " " || line[from] === "\t") from++;
    const closed = line[from] === '"' ? closingQuote(line, from) : -1;
    const quoted = closed > from + 1 && (line[closed + 1] === "," || closed + 1 === line.length);
    const comma = quoted ? closed + 1 : line.indexOf(",", from);
    const end = comma < 0 ? line.length : comma;
    const value = line.slice(from, end);
    yield [key.trim(), String(quoted ? parseJson(value) ?? value : value.trim())];
    from = end + 1;
  }
}

/** Where a quoted text ends that begins at `from`; -1 if it does not. */
function closingQuote(line: string, from: number): number {
  for (let i = from + 1; i < line.length; i++) {
    if (line[i] === "\\") i++;
    else if (line[i] === '"') return i;
  }
  return -1;
}

const SUFFIX = /^(.*?)[ _](karras|exponential|sgm uniform|beta|simple)$/i;

/** Reads A1111's `parameters`, and what other tools write in its form. */
export function readInfotext(text: string): ReadBack | undefined {
  const lines = text.trim().split("\n");
  const last = lines.at(-1) ?? "";
  const items = new Map<string, string>();
  for (const [key, value] of infotextItems(last)) items.set(key, value);
  if (items.size < 3) return undefined; // a prompt alone
  const prompt: string[] = [];
  const negative: string[] = [];
  let target = prompt;
  for (let line of lines.slice(0, -1)) {
    if (line.startsWith("Negative prompt:")) {
      target = negative;
      line = line.slice("Negative prompt:".length).trim();
    }
    target.push(line);
  }
  const given: Mutable = { prompt: prompt.join("\n").trim() };
  if (negative.length > 0) given.negativePrompt = negative.join("\n").trim();
  const number = (key: string): number | undefined => {
    const value = Number(items.get(key) ?? NaN);
    return Number.isFinite(value) ? value : undefined;
  };
  const copy = <K extends keyof Given>(key: K, value: Given[K] | undefined) => {
    if (value !== undefined) given[key] = value;
  };
  copy("steps", number("Steps"));
  copy("cfgScale", number("CFG scale"));
  copy("seed", number("Seed"));
  copy("variationSeed", number("Variation seed"));
  copy("variationStrength", number("Variation seed strength"));
  copy("clipSkip", number("Clip skip"));
  copy("strength", number("Denoising strength"));
  copy("maskBlur", number("Mask blur"));
  copy("eta", number("Eta"));
  copy("guidanceRescale", number("Guidance rescale"));
  const size = /^(\d+)x(\d+)$/.exec(items.get("Size") ?? "");
  if (size) Object.assign(given, { width: Number(size[1]), height: Number(size[2]) });
  // Older writers, and stable-diffusion.cpp, put the schedule behind the sampler.
  const sampler = items.get("Sampler");
  const parts = sampler === undefined ? null : SUFFIX.exec(sampler);
  const type = items.get("Schedule type") ?? parts?.[2];
  copy("sampler", parts?.[1] ?? sampler);
  // A1111's "DDIM" spacing is what others call leading.
  if (type === "DDIM") given.schedule = "leading";
  else if (type !== undefined && type !== "Automatic") given.schedule = type.toLowerCase();
  const guidance = items.get("Guidance");
  if (guidance === "cfg++" || guidance === "apg" || guidance === "cfg-zero-star") {
    given.guidance = guidance;
  }
  // A1111's noise comes from the GPU unless it says otherwise.
  const rng = (items.get("RNG") ?? "GPU").toLowerCase();
  given.rng = rng === "cpu" ? "torch" : rng === "numpy" ? "numpy" : "nv";
  const own = /^Shum\b/.test(items.get("Version") ?? "");
  return { from: own ? "Shum" : "A1111", given, model: items.get("Model") };
}

/** InvokeAI's metadata; its clip_skip counts skipped layers, its `_k` samplers use Karras' levels. */
function readInvoke(value: unknown): ReadBack | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const fields = value as Record<string, unknown>;
  const given: Record<string, unknown> = {};
  const copy = (from: string, to: keyof Given, kind: "string" | "number") => {
    const found: string = typeof fields[from];
    if (found === kind) given[to] = fields[from];
  };
  copy("positive_prompt", "prompt", "string");
  copy("negative_prompt", "negativePrompt", "string");
  copy("width", "width", "number");
  copy("height", "height", "number");
  copy("seed", "seed", "number");
  copy("steps", "steps", "number");
  copy("cfg_scale", "cfgScale", "number");
  copy("cfg_rescale_multiplier", "guidanceRescale", "number");
  copy("strength", "strength", "number");
  if (typeof fields.clip_skip === "number") given.clipSkip = fields.clip_skip + 1;
  given.rng = fields.rand_device === "cuda" ? "nv" : "torch";
  if (typeof fields.scheduler === "string") {
    const karras = fields.scheduler.endsWith("_k");
    given.sampler = karras ? fields.scheduler.slice(0, -2) : fields.scheduler;
    if (karras) given.schedule = "karras";
  }
  const model = fields.model as { name?: unknown } | undefined;
  const name = typeof model?.name === "string" ? model.name : undefined;
  return { from: "InvokeAI", given: given as Given, model: name };
}
