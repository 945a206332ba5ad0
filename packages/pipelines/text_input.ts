/**
 * Prompts.
 *
 * @module
 */
import type { Prompt } from "@shum/models";

/** What to make an image of. */
export interface TextInput {
  /** What is wanted: one prompt, or one per image. */
  readonly prompt: Prompt | readonly Prompt[];
  /** What is not wanted: one prompt, or one per image. Needs guidance to have an effect. */
  readonly negativePrompt?: Prompt | readonly Prompt[] | undefined;
  /** Further prompts to compose, each with its own guidance scale; see `composable`. */
  readonly composed?: readonly { readonly prompt: Prompt; readonly weight: number }[] | undefined;
}
