import type { OpenOptions } from "./engine.ts";
import type { ModelFiles } from "../model_files.ts";
import { platformEngine } from "../platform.ts";
import type { Session } from "../session.ts";

/** Opens the graph of a component in the engine of whoever asks, or the platform's. */
export async function openGraph(
  files: ModelFiles,
  component: string,
  { engine = platformEngine, ...options }: OpenOptions,
): Promise<Session> {
  return await engine.open(await files.graph(component), options);
}
