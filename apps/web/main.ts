/**
 * `deno task web [--port 8080] [--host 127.0.0.1] [--build]`: builds the page into out/web and serves
 * it; with `--build` only builds.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl } from "@std/path";
import { build } from "./build.ts";
import { staticHandler } from "./serve.ts";

if (import.meta.main) {
  const args = parseArgs(Deno.args, {
    string: ["port", "host"],
    boolean: ["build"],
    default: { port: "8080", host: "127.0.0.1" },
  });
  const port = Number(args.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    console.error(`Cannot serve: --port is "${args.port}"; expected a number from 0 to 65535`);
    Deno.exit(2);
  }
  const out = fromFileUrl(new URL("../../out/web", import.meta.url));
  await build(out);
  console.log("built out/web: static files, for any host");
  if (!args.build) Deno.serve({ port, hostname: args.host }, staticHandler(out));
}
