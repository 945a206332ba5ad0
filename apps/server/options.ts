/**
 * The command line of `deno task serve`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { defaultModelFolder, didYouMean } from "./cli.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { type ModelSource, readModelSource } from "./models.ts";

/** What the server is told at its start. */
export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly models: readonly ModelSource[];
  readonly apiKey: string | undefined;
  readonly allowOrigins: readonly string[];
  readonly limits: Limits;
  /** Seconds that running jobs are given when the server is told to stop. */
  readonly grace: number;
}

interface Flag {
  readonly value?: string;
  readonly help: string;
  readonly standard?: string | number;
  /** Whole numbers that it takes. */
  readonly range?: readonly [from: number, to: number];
  readonly repeat?: true;
}

const MIB = 2 ** 20;

const FLAGS = {
  host: { value: "name", help: "where to listen", standard: "127.0.0.1" },
  port: { value: "n", help: "0 takes a free one", standard: 7860, range: [0, 65_535] },
  model: {
    value: "[NAME=]folder|id",
    help:
      "a model to serve, a folder or a Hugging Face id; may be repeated, the first is the default",
    standard: "the model that ships with Shum",
    repeat: true,
  },
  "api-key": {
    value: "key",
    help: "what callers must send, as Bearer or as the password of Basic (or SHUM_API_KEY)",
  },
  "without-key": { help: "let everybody who can reach a host beyond this machine draw" },
  "allow-origin": {
    value: "url",
    help: "a web page that may call, by its origin; may be repeated; * is all, with a key only",
    repeat: true,
  },
  "queue-limit": {
    value: "n",
    help: "jobs that may wait; more are answered 429",
    standard: DEFAULT_LIMITS.queue,
    range: [1, 10_000],
  },
  "max-pixels": {
    value: "n",
    help: "of a picture; an uploaded one may have 16 times as many",
    standard: DEFAULT_LIMITS.pixels,
    range: [1, 2 ** 26],
  },
  "max-steps": {
    value: "n",
    help: "of a picture",
    standard: DEFAULT_LIMITS.steps,
    range: [1, 1000],
  },
  "max-images": {
    value: "n",
    help: "of a request",
    standard: DEFAULT_LIMITS.images,
    range: [1, 1000],
  },
  "max-prompt": {
    value: "n",
    help: "letters of a prompt",
    standard: DEFAULT_LIMITS.prompt,
    range: [1, 20_000],
  },
  "body-limit": {
    value: "MiB",
    help: "of a request",
    standard: DEFAULT_LIMITS.body / MIB,
    range: [1, 1024],
  },
  grace: {
    value: "s",
    help: "how long jobs may go on after SIGTERM",
    standard: 30,
    range: [0, 3600],
  },
  help: { help: "this text" },
} as const satisfies Readonly<Record<string, Flag>>;

type Name = keyof typeof FLAGS;

/** The help. */
export function helpText(): string {
  const rows = Object.entries<Flag>(FLAGS).map(([name, { value, help, standard }]) => {
    const flag = `--${name}${value === undefined ? "" : ` ${value}`}`;
    return `  ${flag.padEnd(28)}${help}${standard === undefined ? "" : ` (${standard})`}`;
  });
  return ["deno task serve: pictures over HTTP", "", ...rows].join("\n");
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/**
 * Reads the command line; undefined where it asks for help.
 *
 * @param environment Where `SHUM_API_KEY` is looked for.
 * @throws {RangeError | TypeError} A flag is unknown, or has a value that cannot be.
 */
export function readOptions(
  argv: readonly string[],
  environment: (name: string) => string | undefined = (name) => Deno.env.get(name),
): ServerOptions | undefined {
  const names = Object.keys(FLAGS) as Name[];
  for (const arg of argv) {
    const name = /^--([^=]+)/.exec(arg)?.[1];
    if (name === undefined || names.includes(name as Name)) continue;
    const near = didYouMean(`--${name}`, names.map((known) => `--${known}`));
    throw new TypeError(`Cannot use --${name}: there is no such option${near || "; see --help"}`);
  }
  const isSwitch = (name: Name) => (FLAGS[name] as Flag).value === undefined;
  const parsed: Record<string, unknown> & { _: unknown[] } = parseArgs([...argv], {
    string: names.filter((name) => !isSwitch(name)),
    boolean: names.filter(isSwitch),
    collect: names.filter((name) => (FLAGS[name] as Flag).repeat),
  });
  if (parsed.help) return undefined;
  if (parsed._.length > 0) {
    throw new TypeError(`Cannot use "${parsed._[0]}": it belongs to no option; see --help`);
  }
  const number = (name: Name): number => {
    const { range, standard } = FLAGS[name] as Flag;
    const text = parsed[name] as string | undefined;
    const value = text === undefined ? standard as number : Number(text);
    const [from, to] = range!;
    if (text !== "" && Number.isInteger(value) && value >= from && value <= to) return value;
    throw new RangeError(
      `Cannot use --${name}: value is "${text}"; expected a whole number from ${from} to ${to}`,
    );
  };
  const host = parsed.host as string | undefined ?? FLAGS.host.standard;
  const apiKey = parsed["api-key"] as string | undefined ?? environment("SHUM_API_KEY");
  if (apiKey === "") throw new RangeError("Cannot use --api-key: it is empty; expected a key");
  if (apiKey === undefined && !LOOPBACK.test(host) && !parsed["without-key"]) {
    throw new RangeError(
      `Cannot listen on ${host} without a key: everybody who reaches it could draw; expected ` +
        `--api-key, or --without-key if that is meant`,
    );
  }
  const allowOrigins = (parsed["allow-origin"] as string[]).map((origin) =>
    origin.replace(/\/$/, "")
  );
  if (allowOrigins.includes("*") && apiKey === undefined) {
    throw new RangeError(
      "Cannot use --allow-origin * without --api-key: every page in every browser here could draw",
    );
  }
  const models = parsed.model as string[];
  return {
    host,
    port: number("port"),
    models: (models.length > 0 ? models : [defaultModelFolder()]).map(readModelSource),
    apiKey,
    allowOrigins,
    limits: {
      pixels: number("max-pixels"),
      steps: number("max-steps"),
      images: number("max-images"),
      body: number("body-limit") * MIB,
      prompt: number("max-prompt"),
      queue: number("queue-limit"),
    },
    grace: number("grace"),
  };
}
