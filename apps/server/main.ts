/**
 * `deno task serve`: Shum over HTTP.
 *
 * @module
 */

import { createApp } from "./app.ts";
import { openModels } from "./models.ts";
import { helpText, readOptions, type ServerOptions } from "./options.ts";
import { shutDown } from "./shutdown.ts";

/** Serves until a signal says to stop. */
async function serve({ host, port, models: sources, grace, ...rest }: ServerOptions) {
  await using models = await openModels(sources);
  const app = createApp({ ...rest, host, models, log: console.error });
  const server = Deno.serve({
    hostname: host,
    port,
    onListen: ({ hostname, port }) => {
      const name = hostname.includes(":") ? `[${hostname}]` : hostname;
      const names = models.all.map((model) => model.name).join(", ");
      console.log(`listening on http://${name}:${port}/, models: ${names}`);
    },
  }, app.fetch);
  await new Promise<void>((resolve) => {
    let told = false;
    const stop = () => {
      if (told) {
        app.queue.cancelAll(); // the second time means now
        return;
      }
      told = true;
      console.log(`stopping: jobs may go on for ${grace} s; a second signal cancels them`);
      resolve();
    };
    Deno.addSignalListener("SIGINT", stop);
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", stop);
  });
  await shutDown(app, server, grace);
}

/** Runs a command line; returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let options: ServerOptions | undefined;
  try {
    options = readOptions(argv);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  if (options === undefined) {
    console.log(helpText());
    return 0;
  }
  try {
    await serve(options);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
