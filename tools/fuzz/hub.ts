import { join } from "@std/path";
import {
  COMMIT,
  type Fault,
  MockHub,
  sampleRepository,
} from "../../packages/models/testing/_mock_hub.ts";
import { downloadFromHub } from "../../packages/models/mod.ts";
import type { Kind } from "./case.ts";
import { hostileJson, mutateJson, type Random } from "./random.ts";

const HEADERS = [
  { "retry-after": "-5" },
  { "retry-after": "NaN" },
  { "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" },
  { location: "file:///etc/passwd" },
  { location: "//" },
  { location: "http://[::1" },
  { location: "/api/models/owner/model/revision/main" },
  { location: "" },
  { "x-error-code": "\x80" },
];
const STATUSES = [204, 301, 302, 307, 400, 401, 403, 404, 408, 416, 418, 429, 500, 503];
const LINKS = [
  `<file:///etc/passwd>; rel="next"`,
  `<>; rel="next"`,
  `<http://[>; rel="next"`,
  `<//user:x@127.0.0.1/>; rel=next`,
  `<data:application/json,[]>; rel="next"`,
  "<".repeat(3000),
  `<?recursive=true>; rel="next"`,
];
const PATHS = [
  "../x",
  "../../victim",
  "/etc/x",
  "unet/../../x",
  "a\\b",
  "C:/x",
  "NUL",
  "x/",
  "\0",
  ".",
];

function fault(random: Random): Fault {
  return random.pick<() => Fault>([
    () => {
      return {
        status: random.pick(STATUSES),
        headers: random.pick(HEADERS) as Record<string, string>,
      };
    },
    () => {
      return { cutAfter: random.below(500), times: random.below(3) };
    },
    () => {
      return { corrupt: true, times: random.below(3) };
    },
    () => {
      return { stall: true };
    },
    () => {
      return { drip: { bytes: 1 + random.below(3), ms: 20 } };
    },
  ])();
}

/** An entry of a listing that should not be there. */
function entry(random: Random): unknown {
  const good = {
    type: "file",
    path: "unet/x.bin",
    size: 5,
    oid: COMMIT,
    lfs: { oid: COMMIT, size: 5 },
  };
  if (random.chance(0.5)) return { ...good, path: random.pick(PATHS) };
  return mutateJson(random, good);
}

export const hub: Kind = {
  name: "hub",
  make(random, { folder }) {
    const files = sampleRepository();
    const what: string[] = [];
    const names = Object.keys(files);
    if (random.chance(0.3)) {
      what.push("model_index.json");
      files["model_index.json"] = hostileJson(
        random,
        JSON.parse(files["model_index.json"] as string),
      );
    }
    const faults = new Map<string, Fault>();
    if (random.chance(0.5)) {
      const name = random.pick(["api", "model_index.json", ...names]);
      what.push(`answer for ${name}`);
      faults.set(name, fault(random));
    }
    const link = random.chance(0.25) ? random.pick(LINKS) : undefined;
    if (link !== undefined) what.push("link to the next page");
    const extra = random.chance(0.5) ? [entry(random)] : [];
    if (extra.length > 0) what.push("entry of the listing");
    return Promise.resolve({
      what: `hub: ${what.join(", ") || "nothing wrong"}`,
      reads: [async () => {
        await using server = new MockHub(files);
        for (const [name, value] of faults) server.faults.set(name, value);
        server.link = link;
        server.extraEntries = extra;
        await downloadFromHub("owner/model", {
          endpoint: server.endpoint,
          cacheDir: join(folder, "cache"),
          token: false,
          timeout: 100,
          retries: 1,
          backoff: 1,
        });
      }],
    });
  },
};
