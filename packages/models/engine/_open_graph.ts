import type { OpenOptions } from "./engine.ts";
import { openSession } from "./node/open_session.ts";
import type { ModelFiles } from "../model_files.ts";
import type { Session } from "../session.ts";

/** Opens the graph of a component in the engine of whoever asks, or the platform's. */
export async function openGraph(
  files: ModelFiles,
  component: string,
  { engine, ...options }: OpenOptions,
): Promise<Session> {
  const source = await files.graph(component);
  return await (engine?.open(source, options) ?? openSession(source as string, options));
}
